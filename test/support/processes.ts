import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

import { built, type BuiltAnswer } from './built.ts';
import { expectDocumented, type Asked } from './documented.ts';

/** The built entries as processes of their own, with the settings of a test and none of the shell's. */
export interface LoggingProcess {
  readonly child: ChildProcess;
  /** Everything that it has written so far, to both. */
  readonly output: { stdout: string; stderr: string };
  /** The log's lines so far; throws where one is not a JSON object. */
  readonly lines: () => Record<string, unknown>[];
  /** Waits for a line of the log. */
  logged(isIt: (line: Record<string, unknown>) => boolean): Promise<Record<string, unknown>>;
  /** Its exit code, once it has ended and all that it wrote has been read. */
  readonly ended: Promise<number | null>;
}

/** `server.js`, as a web function and a container run it; its log has said where it listens. */
export interface ListeningServer extends LoggingProcess {
  readonly port: number;
  /** Asks it to end, and gives its exit code. */
  stop(): Promise<number | null>;
}

export type Settings = Readonly<Record<string, string>>;

/** Where an entry is run from, and by which Node: the bundle made of the sources, by this one. */
export interface Setting {
  readonly folder?: string;
  readonly node?: string;
  /** Node's own options. */
  readonly options?: readonly string[];
}

/** Starts the built server, whether it will listen or not. */
export async function spawnServer(
  env: Settings,
  nodeOptions: readonly string[] = [],
): Promise<LoggingProcess> {
  return run(env, [...nodeOptions, path.join(await built(), 'server.js')]);
}

/** Starts the built server on a free port of 127.0.0.1, and waits until it listens. */
export async function startServer(
  env: Settings,
  nodeOptions: readonly string[] = [],
): Promise<ListeningServer> {
  return whenListening(await spawnServer({ HOST: '127.0.0.1', PORT: '0', ...env }, nodeOptions));
}

/** Waits until a server's log says where it listens. */
export async function whenListening(server: LoggingProcess): Promise<ListeningServer> {
  const { port } = await server.logged(({ event }) => event === 'listening');
  const stop = async (): Promise<number | null> => {
    server.child.kill('SIGTERM');
    return server.ended;
  };
  return { ...server, port: Number(port), stop };
}

/** A CommonJS file that exports handlers, loaded with `require` as a platform does it. */
export interface HandlerProcess extends LoggingProcess {
  /** @param name of the export that is called */
  call(name: string, event: unknown, context?: object): Promise<BuiltAnswer>;
  stop(): Promise<void>;
}

/** `function.js`, each of whose answers is looked at. */
export interface FunctionProcess extends HandlerProcess {
  invoke(event: unknown, context?: object, name?: 'main_handler' | 'handler'): Promise<BuiltAnswer>;
}

interface Reply {
  readonly id: number;
  readonly response?: BuiltAnswer;
  readonly thrown?: string;
}

/** What a platform's runtime does, in a few lines. */
const RUNTIME = `
  const functions = require(process.argv[1]);
  process.on('disconnect', () => process.exit());
  process.on('message', async ({ id, name, event, context }) => {
    try {
      process.send({ id, response: await functions[name](event, context) });
    } catch (error) {
      process.send({ id, thrown: String(error) });
    }
  });`;

export async function startFunction(env: Settings, from: Setting = {}): Promise<FunctionProcess> {
  const host = startHandlers(path.join(from.folder ?? (await built()), 'function.js'), env, from);
  return {
    ...host,
    async invoke(event, context = {}, name = 'main_handler') {
      const response = await host.call(name, event, context);
      expectDocumented(receivedIn(response), askedBy(event));
      return response;
    },
  };
}

export function startHandlers(file: string, env: Settings, from: Setting = {}): HandlerProcess {
  const args = [...(from.options ?? []), '--input-type=commonjs', '--eval', RUNTIME, file];
  const host = run(env, args, { channel: ['ipc'], command: from.node });
  const waiting = new Map<number, (reply: Reply) => void>();
  host.child.on('message', (reply: Reply) => waiting.get(reply.id)?.(reply));
  let last = 0;
  return {
    ...host,
    async call(name, event, context = {}) {
      const id = (last += 1);
      const replied = new Promise<Reply>((resolve) => waiting.set(id, resolve));
      // An event is JSON: what a test leaves undefined is absent.
      host.child.send(JSON.parse(JSON.stringify({ id, name, event: event ?? null, context })));
      const reply = await Promise.race([replied, host.ended]);
      if (typeof reply !== 'object' || reply === null) throw new Error(host.output.stderr);
      if (!reply.response) throw new Error(reply.thrown);
      return reply.response;
    },
    async stop() {
      host.child.kill();
      await host.ended;
    },
  };
}

function receivedIn({ statusCode: status, headers, multiValueHeaders, body: text }: BuiltAnswer) {
  return { status, headers: headers ?? multiValueHeaders ?? {}, text };
}

/** What an event asks for, where it names a method and a path. */
function askedBy(event: unknown): Asked | undefined {
  const { httpMethod, path: target, rawPath, requestContext } = Object(event);
  const method: unknown = httpMethod ?? Object(Object(requestContext).http).method;
  const where: unknown = target ?? rawPath;
  return typeof method === 'string' && typeof where === 'string'
    ? { method, target: where }
    : undefined;
}

/** Starts a program that logs as the gateway does: Node, unless it is another one. */
export function run(
  env: Settings,
  args: readonly string[],
  {
    channel = [],
    command = process.execPath,
    detached = false,
  }: { channel?: readonly 'ipc'[]; command?: string | undefined; detached?: boolean } = {},
): LoggingProcess {
  const child = spawn(command, args, {
    detached,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe', ...channel],
  });
  const output = { stdout: '', stderr: '' };
  const { stdout, stderr } = child;
  if (!stdout || !stderr) throw new Error('no pipes');
  stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
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
        await Promise.race([once(stdout, 'data'), ended]);
      }
    },
  };
}

/** The complete lines of a log, each a JSON object, or this throws. */
function parseLog(text: string): Record<string, unknown>[] {
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
