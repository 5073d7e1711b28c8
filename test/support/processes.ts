import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

import { built } from './built.ts';

/** `server.js` as a process of its own, as a web function and a container run it. */
export interface ServerProcess {
  readonly child: ChildProcess;
  /** Everything that it has written so far, to both. */
  readonly output: { stdout: string; stderr: string };
  /** The log's lines so far; throws where one is not a JSON object. */
  lines(): Record<string, unknown>[];
  /** Waits for a line of the log. */
  logged(isIt: (line: Record<string, unknown>) => boolean): Promise<Record<string, unknown>>;
  /** Its exit code, once it has ended and all that it wrote has been read. */
  readonly ended: Promise<number | null>;
}

/** A server that has told where it listens. */
export interface ListeningServer extends ServerProcess {
  readonly port: number;
  /** Asks it to end, and gives its exit code. */
  stop(): Promise<number | null>;
}

/** Starts the built server, with these settings and none of the shell's. */
export async function spawnServer(
  env: Readonly<Record<string, string>>,
  nodeOptions: readonly string[] = [],
): Promise<ServerProcess> {
  const file = path.join(await built(), 'server.js');
  const child = spawn(process.execPath, [...nodeOptions, file], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  const ended = once(child, 'close').then(() => child.exitCode);
  let hasEnded = false;
  void ended.then(() => (hasEnded = true));
  const lines = (): Record<string, unknown>[] => parseLog(output.stdout);
  return {
    child,
    output,
    lines,
    ended,
    async logged(isIt) {
      for (;;) {
        const line = lines().find(isIt);
        if (line) return line;
        if (hasEnded) throw new Error(`it ended first: ${output.stdout}${output.stderr}`);
        await Promise.race([once(child.stdout, 'data'), ended]);
      }
    },
  };
}

/** Starts the built server on a free port of 127.0.0.1, and waits until it listens. */
export async function startServer(
  env: Readonly<Record<string, string>>,
  nodeOptions: readonly string[] = [],
): Promise<ListeningServer> {
  const server = await spawnServer({ HOST: '127.0.0.1', PORT: '0', ...env }, nodeOptions);
  const { port } = await server.logged(({ event }) => event === 'listening');
  const stop = async (): Promise<number | null> => {
    server.child.kill('SIGTERM');
    return server.ended;
  };
  return { ...server, port: Number(port), stop };
}

/** The complete lines of a log, each a JSON object, or this throws. */
export function parseLog(text: string): Record<string, unknown>[] {
  const complete = text.slice(0, text.lastIndexOf('\n') + 1);
  return complete
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const value: unknown = JSON.parse(line);
      if (typeof value !== 'object' || value === null || Array.isArray(value)) {
        throw new Error(`not a JSON object: ${line}`);
      }
      return Object.fromEntries(Object.entries(value));
    });
}
