import { Transform, type TransformCallback } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

import { LOG_LEVELS } from '../../src/lib/observability/log.ts';

/** A line of the gateway's log. */
export type LogLine = Readonly<Record<string, unknown>>;

/** How many lines are kept: those of some hundred requests. */
const KEPT = 1000;

/**
 * What the gateway of `npm start` writes, on its way to the terminal. It runs with `LOG_LEVEL=debug`, for
 * the playground's timelines; the terminal gets what it would have got.
 */
export class GatewayLog extends Transform {
  /** What `LOG_LEVEL` the gateway has to run with: a wrong one is the gateway's to refuse. */
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
    done(
      undefined,
      lines
        .filter((line) => this.#take(line))
        .map((line) => `${line}\n`)
        .join(''),
    );
  }

  override _flush(done: TransformCallback): void {
    done(undefined, this.#rest);
  }

  /** Keeps a line, and says whether the terminal is to have it. */
  #take(text: string): boolean {
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
    return typeof line === 'object' && line !== null
      ? Object.fromEntries(Object.entries(line))
      : undefined;
  } catch {
    return undefined;
  }
}
