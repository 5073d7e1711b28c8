import { spawn, type ChildProcess } from 'node:child_process';

import { builtCommands } from './built.ts';
import { freePort } from './free-port.ts';

/** `npm start` as a process of its own; it is up. */
export interface Demo {
  readonly child: ChildProcess;
  readonly output: () => string;
  /** The first group of a pattern in the output. @throws Error if nothing matches */
  find(pattern: RegExp): string;
  /** Ends all of it, the gateway too, and gives its exit code. */
  end(signal?: 'SIGINT' | 'SIGTERM'): Promise<number | null>;
}

/** Starts it on free ports, with no more environment than is given. */
export async function startDemo(
  env: Readonly<Record<string, string>> = {},
  command?: readonly [string, ...string[]],
): Promise<Demo> {
  const [program, ...args] = command ?? [process.execPath, await builtCommands(), 'start'];
  const ports = {
    PORT: String(await freePort()),
    EMULATOR_PORT: String(await freePort()),
    PLAYGROUND_PORT: String(await freePort()),
  };
  const child = spawn(program, args, {
    env: { PATH: process.env['PATH'], ...ports, ...env },
  });
  let output = '';
  const isUp = new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (data: Buffer) => {
        output += data.toString();
        if (output.includes('Ctrl-C ends')) resolve();
      });
    }
    child.once('exit', () => reject(new Error(`ended early: ${output}`)));
  });
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
  await isUp;
  const end = (signal: 'SIGINT' | 'SIGTERM' = 'SIGINT'): Promise<number | null> => {
    child.kill(signal);
    return exited;
  };
  const find = (pattern: RegExp): string => {
    const found = pattern.exec(output)?.[1];
    if (found === undefined) throw new Error(`no ${pattern} in: ${output}`);
    return found;
  };
  return { child, output: () => output, find, end };
}
