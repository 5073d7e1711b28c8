import type { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

/** Where the lines of the log go, in their order. */
export interface LogOutput {
  /** @param line a whole line, its end included */
  write(line: string): void;
  /** Writes a line together with the next one, at the latest when the code that runs now has ended. */
  hold(line: string): void;
  /** Bytes that nobody has read yet. */
  bytesWaiting(): number;
  /** Waits until everything was read, or nothing was for `STALL_MS`: then nobody reads. */
  flush(): Promise<void>;
}

type Stream = Pick<Writable, 'write' | 'writable' | 'writableLength'>;

/** What the stream is given at a time: small, so that progress shows although the reader is slow. */
const CHUNK_BYTES = 64 * 1024;

/** Longest that a reader may take nothing while the process waits for it in order to end. */
const STALL_MS = 15_000;

/**
 * Gives each line to the stream at once, as long as the stream keeps up. Else the lines wait here, where
 * they take little memory and are counted: a pipe whose reader is behind would collect them unseen.
 *
 * @param open called at the first line: opening stdout takes a function's start a millisecond
 */
export function createLogOutput(open: () => Stream = () => process.stdout): LogOutput {
  let stream: Stream | undefined;
  let held = '';
  let waiting: Buffer[] = [];
  let bytes = 0;
  /** Writes of ours whose callback is still to come: others may write to stdout too. */
  let pending = 0;
  const bytesWaiting = (): number => bytes + held.length + (stream?.writableLength ?? 0);
  const isBehind = (): boolean => stream?.writable === true && bytesWaiting() > 0;
  const isBusy = (): boolean => pending > 0 && stream !== undefined && stream.writableLength > 0;

  const give = (part: string | Buffer): void => {
    pending += 1;
    stream?.write(part, goOn);
  };
  const goOn = (error?: Error | null): void => {
    pending -= 1;
    // The reader has closed the pipe.
    if (error) [waiting, bytes] = [[], 0];
    if (bytes === 0 || isBusy()) return;
    let size = 0;
    const end = waiting.findIndex((line) => (size += line.length) >= CHUNK_BYTES);
    const chunk = Buffer.concat(waiting.splice(0, end < 0 ? waiting.length : end + 1));
    bytes -= chunk.length;
    give(chunk);
  };
  const write = (line: string): void => {
    const lines = held + line;
    if (lines === '') return;
    held = '';
    stream ??= open();
    if (bytes === 0 && !isBusy()) return give(lines);
    const text = Buffer.from(lines);
    waiting.push(text);
    bytes += text.length;
  };
  return {
    write,
    hold(line) {
      if (held === '') void Promise.resolve().then(() => write(''));
      held += line;
      if (held.length >= CHUNK_BYTES) write('');
    },
    bytesWaiting,
    async flush() {
      write('');
      let least = Infinity;
      let since = performance.now();
      while (isBehind() && performance.now() - since < STALL_MS) {
        if (bytesWaiting() < least) [least, since] = [bytesWaiting(), performance.now()];
        await sleep(10);
      }
    },
  };
}
