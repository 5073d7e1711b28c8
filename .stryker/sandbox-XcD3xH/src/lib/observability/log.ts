/** The log: one line, one JSON object. Written by hand, for a logging library would double the start-up. */

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Log {
  /** Writes a line, unless the level is below the configured one. `undefined` fields are left out. */
  write(level: Exclude<LogLevel, 'silent'>, event: string, fields: LogFields): void;
  /** Writes a line that has to be kept, at every level but `silent`. */
  record(event: string, fields: LogFields): void;
}

/** Told of every event, whether the level lets it be written or not. */
export type Observer = (event: string, fields: LogFields) => void;

export interface ObservedLog extends Log {
  observe(observer: Observer): void;
}

const LONGEST_TEXT = 500;
const LONGEST_STACK = 4000;

/** What JSON leaves as it is although a terminal or a log viewer may act on it. */
const STILL_CONTROL = /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** What is told of an error, or of whatever else was thrown. */
export function stackOf(thrown: unknown): string {
  try {
    const told: unknown = thrown instanceof Error ? (thrown.stack ?? thrown.message) : thrown;
    return String(told);
  } catch {
    // An object without a prototype, or one that throws itself.
    return typeof thrown;
  }
}

/** One line of the log, without the line's end. Put together by hand: the log is the largest part of a refusal. */
export function toLogLine(time: number, level: LogLevel, event: string, fields: LogFields): string {
  let line = `{"time":"${new Date(time).toISOString()}","level":"${level}","event":"${event}"`;
  for (const [key, value] of Object.entries(fields)) {
    if (value !== undefined) line += `,"${key}":${toJson(key, value)}`;
  }
  return `${line}}`;
}

function toJson(key: string, value: string | number | boolean): string {
  // What is no finite number is `null`, as in all JSON.
  if (typeof value !== 'string') return JSON.stringify(value);
  const longest = key === 'stack' ? LONGEST_STACK : LONGEST_TEXT;
  const text = value.length > longest ? `${value.slice(0, longest)}…` : value;
  return JSON.stringify(text).replace(
    STILL_CONTROL,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** @param write takes a whole line, its end included */
export function createLog(
  lowest: LogLevel,
  now: () => number = Date.now,
  write: (line: string) => void = (line) => process.stdout.write(line),
): ObservedLog {
  const threshold = LOG_LEVELS.indexOf(lowest);
  const observers: Observer[] = [];
  const put = (isWritten: boolean, level: LogLevel, event: string, fields: LogFields): void => {
    if (isWritten) write(`${toLogLine(now(), level, event, fields)}\n`);
    try {
      for (const observe of observers) observe(event, fields);
    } catch (error) {
      // Whoever counts must not spoil what is counted.
      const crash = { origin: 'observer', stack: stackOf(error) };
      if (lowest !== 'silent') write(`${toLogLine(now(), 'error', 'crash', crash)}\n`);
    }
  };
  return {
    write: (level, event, fields) =>
      put(LOG_LEVELS.indexOf(level) >= threshold, level, event, fields),
    record: (event, fields) => put(lowest !== 'silent', 'info', event, fields),
    observe: (observer) => void observers.push(observer),
  };
}
