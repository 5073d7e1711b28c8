import { createLogOutput, type LogOutput } from './log-output.ts';

/** The log: one JSON object a line. A logging library would double the time of the start. */

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Log {
  /**
   * Writes a line, unless its level is below the configured one. `undefined` fields are left out. While
   * too much waits for a reader, the line is dropped and counted; a later line says how many were.
   */
  write(level: Exclude<LogLevel, 'silent'>, event: string, fields: LogFields): void;
  /** Writes a line that is never dropped, at every level but `silent`. */
  record(event: string, fields: LogFields): void;
  /** Whether so many lines wait for a reader that nothing may happen that needs another `record`. */
  isOverloaded(): boolean;
}

/** Gets every event, at every level. @returns a line to write beside it, which may be dropped */
export type Observer = (event: string, fields: LogFields) => string | undefined | void;

export interface ObservedLog extends Log {
  observe(observer: Observer): void;
  /** Waits until all lines were read, as long as somebody reads. */
  flush(): Promise<void>;
}

const MIB = 1024 * 1024;

/** Bytes that may wait for a reader before lines are dropped: errors last, and records never. */
const maxWaiting = (level: LogLevel): number => (level === 'error' ? 2 * MIB : MIB);

/** Beyond this `isOverloaded`. */
const OVERLOADED_BYTES = 8 * MIB;

/** The longest texts; others are cut. */
const LONGEST = 500;
const LONGEST_STACK = 4000;

/** Characters that JSON does not escape, although a terminal or a log viewer may act on them. */
const CONTROL = /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** Texts that are the same in JSON: most are, and this is faster than `JSON.stringify`. */
const PLAIN = /^[ !#-[\]-~]{0,500}$/;

/** The stack of an error, or the text of anything else that was thrown. */
export function stackOf(thrown: unknown): string {
  try {
    return String(thrown instanceof Error ? (thrown.stack ?? thrown.message) : thrown);
  } catch {
    // An object without a prototype, or one that throws when it is read.
    return typeof thrown;
  }
}

/** One line of the log, without the line's end. */
export function toLogLine(time: number, level: LogLevel, event: string, fields: LogFields): string {
  let line = `{"time":"${new Date(time).toISOString()}","level":"${level}","event":"${event}"`;
  for (const key of Object.keys(fields)) {
    const value = fields[key];
    if (value !== undefined) line += `,"${key}":${toJson(key, value)}`;
  }
  return `${line}}`;
}

function toJson(key: string, value: string | number | boolean): string {
  // As in all JSON, a number that is not finite is `null`.
  if (typeof value !== 'string') return JSON.stringify(value);
  if (PLAIN.test(value)) return `"${value}"`;
  const longest = key === 'stack' ? LONGEST_STACK : LONGEST;
  const text = value.length > longest ? `${value.slice(0, longest)}…` : value;
  return JSON.stringify(text).replace(
    CONTROL,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** @param now milliseconds since the epoch @param output by default stdout */
export function createLog(
  lowest: LogLevel,
  now: () => number = Date.now,
  output: Pick<LogOutput, 'write'> & Partial<LogOutput> = createLogOutput(),
): ObservedLog {
  const threshold = LOG_LEVELS.indexOf(lowest);
  const observers: Observer[] = [];
  let dropped = 0;
  const bytesWaiting = (): number => output.bytesWaiting?.() ?? 0;
  const reportDropped = (): void => {
    if (dropped === 0 || lowest === 'silent') return;
    output.write(`${toLogLine(now(), 'warn', 'lines-dropped', { count: dropped })}\n`);
    dropped = 0;
  };
  const put = (line: string, most: number): void => {
    if (bytesWaiting() < MIB) reportDropped();
    if (bytesWaiting() < most) output.write(`${line}\n`);
    else dropped += 1;
  };
  const observe = (event: string, fields: LogFields): void => {
    for (const observer of observers) {
      try {
        const line = observer(event, fields);
        if (line !== undefined) put(line, MIB);
      } catch (error) {
        // It must not fail the request that it observes; and it would observe its own failure.
        const crash = { origin: 'observer', stack: stackOf(error) };
        if (lowest !== 'silent')
          put(toLogLine(now(), 'error', 'crash', crash), maxWaiting('error'));
      }
    }
  };
  return {
    write(level, event, fields) {
      if (LOG_LEVELS.indexOf(level) >= threshold)
        put(toLogLine(now(), level, event, fields), maxWaiting(level));
      observe(event, fields);
    },
    record(event, fields) {
      const hold = output.hold ?? output.write;
      if (lowest !== 'silent') hold(`${toLogLine(now(), 'info', event, fields)}\n`);
      observe(event, fields);
    },
    isOverloaded: () => bytesWaiting() > OVERLOADED_BYTES,
    observe: (observer) => void observers.push(observer),
    async flush() {
      reportDropped();
      await output.flush?.();
    },
  };
}

/** Logs crashes and warnings, which Node would write to stderr as plain text, over many lines. */
export function logProcessEvents(log: Log): void {
  const crash = (origin: string, error: unknown): void =>
    log.write('error', 'crash', { origin, stack: stackOf(error) });
  for (const listener of process.listeners('warning')) {
    // Node's own; those of a platform stay.
    if (listener.name === 'onWarning') process.off('warning', listener);
  }
  process.on('warning', (warning: Error & { code?: string }) => {
    const reason = `${warning.name}: ${warning.message}`;
    log.write('warn', 'warning', { code: warning.code, reason });
  });
  // It ends only the work that it belongs to, which has a deadline.
  process.on('unhandledRejection', (error) => crash('unhandledRejection', error));
  // What comes of an exception is up to the platform, or to the server.
  process.on('uncaughtExceptionMonitor', (error, origin) => crash(origin, error));
}
