import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { Transform, type TransformCallback } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

import { LOG_LEVELS } from '../../src/lib/observability/log.ts';
import { DIST } from '../places.ts';
import { CommandError } from '../cli/command-line.ts';
import { EXIT } from '../cli/exit-codes.ts';
import { onStop } from '../cli/stop.ts';
import { HOST, withPaths } from './settings.ts';

/** The gateway of `npm start`: the built server as a process, and its log. */

/** Starts the built server. From then on, what ends `npm start` ends the server too, in order. */
export function startGateway(
  env: NodeJS.ProcessEnv,
  port: number,
  stdout: 'inherit' | 'pipe' = 'inherit',
): ChildProcess {
  const gateway = spawn(process.execPath, [path.join(DIST, 'server.js')], {
    env: { ...env, ...withPaths(env), HOST, PORT: String(port) },
    stdio: ['ignore', stdout, 'inherit'],
  });
  onStop(() => gateway.kill('SIGTERM'));
  return gateway;
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean =>
  exitCode !== null || signalCode !== null;

/** Gives its exit code once it has ended. @throws CommandError 70 if another process killed it */
export async function untilEnded(gateway: ChildProcess): Promise<number> {
  if (!hasEnded(gateway)) await once(gateway, 'exit');
  if (gateway.exitCode !== null) return gateway.exitCode;
  throw new CommandError(EXIT.software, `The gateway was ended by ${gateway.signalCode}.`);
}

/**
 * Waits until it answers.
 *
 * @param shown resolves when all that it wrote is on the terminal
 * @throws CommandError if it ends first: 130 after a signal to `npm start`, else with the gateway's
 *   own exit code (78 for wrong settings)
 */
export async function untilHealthy(
  url: string,
  gateway: ChildProcess,
  shown: Promise<void>,
): Promise<void> {
  while (!hasEnded(gateway)) {
    const response = await fetch(`${url}/healthz`).catch(() => undefined);
    if (response?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await shown;
  if (gateway.killed) throw new CommandError(EXIT.interrupted, 'Interrupted before it was up.');
  const message = 'The gateway ended before it was up; its log is above.';
  throw new CommandError(gateway.exitCode || EXIT.unavailable, message);
}

/** A line of the gateway's log. */
export type LogLine = Readonly<Record<string, unknown>>;

/** How many lines are kept: those of some hundred requests. */
const KEPT = 1000;

/**
 * The gateway's log on its way to the terminal. The gateway runs with `LOG_LEVEL=debug`, which the
 * playground's timelines need; the terminal shows the lines of the level that the shell asks for.
 */
export class GatewayLog extends Transform {
  /** The gateway's `LOG_LEVEL`. A wrong one is passed on, for the gateway to refuse. */
  readonly level: string;
  readonly #shown: string;
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';
  #lines: LogLine[] = [];

  /** @param shown the `LOG_LEVEL` of the shell */
  constructor(shown: string | undefined) {
    super();
    this.#shown = shown || 'info';
    this.level = isLevel(this.#shown) ? 'debug' : this.#shown;
  }

  /** The kept lines about a request, the oldest first. */
  linesOf(requestId: string): LogLine[] {
    return this.#lines.filter((line) => line['requestId'] === requestId);
  }

  override _transform(chunk: Buffer, _encoding: string, done: TransformCallback): void {
    const lines = (this.#rest + this.#decoder.write(chunk)).split('\n');
    this.#rest = lines.pop() ?? '';
    const shown = lines.filter((line) => this.#keep(line));
    done(undefined, shown.map((line) => `${line}\n`).join(''));
  }

  override _flush(done: TransformCallback): void {
    done(undefined, this.#rest);
  }

  /** Keeps a line, and returns whether the terminal shows it. */
  #keep(text: string): boolean {
    const line = parse(text);
    if (!line) return true;
    if (line['requestId'] !== undefined) this.#lines = [...this.#lines.slice(1 - KEPT), line];
    const { level, event } = line;
    if (!isLevel(level) || !isLevel(this.#shown)) return true;
    // As in src/lib/observability/log.ts: the audit trail is kept at every level but `silent`.
    if (event === 'audit') return this.#shown !== 'silent';
    return LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(this.#shown);
  }
}

function isLevel(value: unknown): value is (typeof LOG_LEVELS)[number] {
  return LOG_LEVELS.some((level) => level === value);
}

function parse(text: string): LogLine | undefined {
  try {
    const line: unknown = JSON.parse(text);
    return typeof line === 'object' && line !== null ? { ...line } : undefined;
  } catch {
    return undefined;
  }
}
