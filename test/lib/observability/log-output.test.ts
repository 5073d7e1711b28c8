import { describe, expect, it } from '@jest/globals';
import { Writable } from 'node:stream';

import { createLogOutput } from '../../../src/lib/observability/log-output.ts';
import { createLog } from '../../../src/lib/observability/log.ts';

/** A pipe whose reader takes what is written only when the test says so. */
class Pipe extends Writable {
  readonly read: string[] = [];
  isRead = false;
  #taken: (() => void) | undefined;

  constructor() {
    super({ decodeStrings: false });
  }

  override _write(chunk: Buffer | string, _encoding: string, done: () => void): void {
    this.read.push(chunk.toString());
    if (this.isRead) done();
    else this.#taken = done;
  }

  resume(): void {
    this.isRead = true;
    this.#taken?.();
  }

  lines(): Record<string, unknown>[] {
    return this.read
      .join('')
      .split('\n')
      .slice(0, -1)
      .map((line) => Object(JSON.parse(line)));
  }
}

function start() {
  const pipe = new Pipe();
  const output = createLogOutput(() => pipe);
  return { pipe, output, log: createLog('info', Date.now, output) };
}

describe('the output of the log', () => {
  it('gives every line to the stream at once, as long as it is read', () => {
    const { pipe, output } = start();
    pipe.resume();
    output.write('a\n');
    output.write('b\n');
    expect(pipe.read).toEqual(['a\n', 'b\n']);
    expect(output.bytesWaiting()).toBe(0);
  });

  it('writes a held line together with the next one, else once the running code has ended', async () => {
    const { pipe, output } = start();
    pipe.resume();
    output.hold('a\n');
    expect(output.bytesWaiting()).toBe(2);
    output.write('b\n');
    output.hold('c\n');
    expect(pipe.read).toEqual(['a\nb\n']);
    await Promise.resolve();
    expect(pipe.read).toEqual(['a\nb\n', 'c\n']);
    output.hold('d\n');
    await output.flush();
    expect(pipe.read.join('')).toBe('a\nb\nc\nd\n');
  });

  it('keeps what is not read yet, in order and counted in bytes', async () => {
    const { pipe, output } = start();
    for (const line of ['a\n', 'ü\n', 'c\n']) output.write(line);
    expect(output.bytesWaiting()).toBe(7);
    const flushed = output.flush();
    pipe.resume();
    await flushed;
    expect(pipe.read.join('')).toBe('a\nü\nc\n');
    expect(output.bytesWaiting()).toBe(0);
  });

  it('gives the stream a bounded part at a time', async () => {
    const { pipe, output } = start();
    const line = `${'x'.repeat(999)}\n`;
    for (let i = 0; i < 1000; i += 1) output.write(line);
    pipe.resume();
    await output.flush();
    expect(pipe.read.join('')).toBe(line.repeat(1000));
    expect(Math.max(...pipe.read.map(({ length }) => length))).toBeLessThan(70_000);
  });

  it('goes on although others write to the same stream', async () => {
    const { pipe, output } = start();
    pipe.write('other\n');
    output.write('a\n');
    output.write('b\n');
    pipe.resume();
    await output.flush();
    expect(pipe.read.join('')).toBe('other\na\nb\n');
  });

  it('does not wait for a reader that has gone', async () => {
    const { pipe, output } = start();
    pipe.on('error', () => undefined);
    for (let i = 0; i < 3; i += 1) output.write('a\n');
    pipe.destroy(new Error('EPIPE'));
    await output.flush();
    expect(pipe.read).toEqual(['a\n']);
  });
});

describe('while nobody reads the log', () => {
  const fields = { reason: 'x'.repeat(400) };

  it('access lines are dropped and counted, records never', async () => {
    const { pipe, output, log } = start();
    const [written, recorded] = [10_000, 3000];
    for (let i = 0; i < written; i += 1) log.write('info', 'request', fields);
    expect(output.bytesWaiting()).toBeLessThan(1.1 * 1024 * 1024);
    expect(log.isOverloaded()).toBe(false);
    for (let i = 0; i < recorded; i += 1) log.record('audit', fields);
    log.write('error', 'crash', {});
    pipe.resume();
    await log.flush();
    const lines = pipe.lines();
    const of = (event: string) => lines.filter((line) => line['event'] === event);
    expect(of('audit')).toHaveLength(recorded);
    const dropped = of('lines-dropped').map(({ count }) => Number(count));
    expect(dropped).toEqual([expect.any(Number)]);
    expect(of('request').length + of('crash').length + Number(dropped[0])).toBe(written + 1);
    expect(of('request').length).toBeGreaterThan(1000);
  });

  it('lines of observers are dropped and counted too, at every level', async () => {
    const { pipe, output } = start();
    const log = createLog('silent', Date.now, output);
    log.observe((event) =>
      event === 'request' ? JSON.stringify({ event, ...fields }) : undefined,
    );
    for (let i = 0; i < 10_000; i += 1) log.write('info', 'request', fields);
    log.write('info', 'other', fields);
    expect(output.bytesWaiting()).toBeLessThan(1.1 * 1024 * 1024);
    pipe.resume();
    await log.flush();
    expect(pipe.lines().length).toBeGreaterThan(1000);
    expect(new Set(pipe.lines().map(({ event }) => event))).toEqual(new Set(['request']));
  });

  it('errors are written for longer', () => {
    const { pipe, output, log } = start();
    for (let i = 0; i < 10_000; i += 1) log.write('info', 'request', fields);
    const before = output.bytesWaiting();
    log.write('error', 'crash', {});
    log.write('warn', 'request', {});
    expect(output.bytesWaiting() - before).toBeLessThan(200);
    expect(output.bytesWaiting()).toBeGreaterThan(before);
    pipe.destroy();
  });

  it('too many records overload it, until they are read', async () => {
    const { pipe, log } = start();
    let count = 0;
    while (!log.isOverloaded()) {
      log.record('audit', fields);
      count += 1;
    }
    expect(count).toBeGreaterThan(10_000);
    expect(count).toBeLessThan(40_000);
    pipe.resume();
    await log.flush();
    expect(log.isOverloaded()).toBe(false);
    expect(pipe.lines()).toHaveLength(count);
  });
});
