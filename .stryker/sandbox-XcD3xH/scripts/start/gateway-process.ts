import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

import { DIST } from '../build/bundle.ts';
import { CommandError } from '../cli/command-line.ts';
import { EXIT } from '../cli/exit-codes.ts';
import { HOST } from './ports.ts';

/** Starts the built server as `npm start` runs it; Ctrl-C and SIGTERM are passed on to it from now on. */
export function startGateway(
  env: NodeJS.ProcessEnv,
  port: number,
  stdout: 'inherit' | 'pipe' = 'inherit',
): ChildProcess {
  const gateway = spawn(process.execPath, [path.join(DIST, 'server.js')], {
    env: { ...env, HOST, PORT: String(port) },
    stdio: ['ignore', stdout, 'inherit'],
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => gateway.kill('SIGTERM'));
  }
  return gateway;
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean =>
  exitCode !== null || signalCode !== null;

/** Gives its exit code once it has ended. @throws CommandError 70 where somebody else has killed it */
export async function untilEnded(gateway: ChildProcess): Promise<number> {
  if (!hasEnded(gateway)) await once(gateway, 'exit');
  if (gateway.exitCode !== null) return gateway.exitCode;
  throw new CommandError(EXIT.software, `The gateway was ended by ${gateway.signalCode}.`);
}

/**
 * Waits until it answers.
 *
 * @param shown what it has written is on the terminal
 * @throws CommandError 69 where it ends first, 130 where it was told to
 */
export async function untilHealthy(
  url: string,
  gateway: ChildProcess,
  shown: Promise<void>,
): Promise<void> {
  while (!hasEnded(gateway)) {
    const answer = await fetch(`${url}/healthz`).catch(() => undefined);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await shown;
  if (gateway.killed) throw new CommandError(EXIT.interrupted, 'Interrupted before it was up.');
  throw new CommandError(EXIT.unavailable, 'The gateway ended before it was up; its log is above.');
}
