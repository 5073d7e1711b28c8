import { expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { createLog, LOG_LEVELS, toLogLine } from '../../../src/lib/observability/log.ts';

it('is one line of one JSON object, whatever the fields hold', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
      const line = toLogLine(0, 'info', 'request', { text });
      expect(line).not.toMatch(/[\n\r\u007f-\u009f\u2028\u2029\u202e]/);
      expect(JSON.parse(line)).toMatchObject({ event: 'request', text });
    }),
  );
});

it('leaves out what is not there, and cuts what is too long', () => {
  const line = toLogLine(0, 'warn', 'x', { a: undefined, b: 'y'.repeat(600), c: 0, d: false });
  expect(JSON.parse(line)).toEqual({
    time: '1970-01-01T00:00:00.000Z',
    level: 'warn',
    event: 'x',
    b: `${'y'.repeat(500)}…`,
    c: 0,
    d: false,
  });
  const { stack } = JSON.parse(toLogLine(0, 'error', 'crash', { stack: 'z'.repeat(9000) }));
  expect(stack).toBe(`${'z'.repeat(4000)}…`);
});

it('writes what is at least as grave as its level, and nothing when silent', () => {
  const written = LOG_LEVELS.map((lowest) => {
    const lines: string[] = [];
    const log = createLog(lowest, () => 0, { write: (line) => void lines.push(line) });
    for (const level of LOG_LEVELS) if (level !== 'silent') log.write(level, 'x', {});
    return lines.length;
  });
  expect(written).toEqual([4, 3, 2, 1, 0]);
});

it('gives numbers, texts and truths as JSON has them', () => {
  const fields = { count: 3, none: Number.NaN, text: 'a "b"\n\u2028', is: true, absent: undefined };
  const line = toLogLine(0, 'info', 'x', fields);
  expect(line).not.toContain('\u2028');
  expect(JSON.parse(line)).toEqual({
    time: '1970-01-01T00:00:00.000Z',
    level: 'info',
    event: 'x',
    count: 3,
    none: null,
    text: 'a "b"\n\u2028',
    is: true,
  });
});
