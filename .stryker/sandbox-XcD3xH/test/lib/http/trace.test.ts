import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { toHeaderFields } from '../../../src/lib/http/message.ts';
import { traceIdFor } from '../../../src/lib/http/trace.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';

const traceIdOf = (...values: string[]): string =>
  traceIdFor({ headers: toHeaderFields(values.map((value) => ['Traceparent', value])) });

describe('a traceparent', () => {
  it.each([
    ['as the specification shows it', `00-${TRACE}-${PARENT}-01`],
    ['not sampled', `00-${TRACE}-${PARENT}-00`],
    ['with flags that are not known yet', `00-${TRACE}-${PARENT}-ff`],
    ['of a later version', `01-${TRACE}-${PARENT}-01`],
    ['of a later version with more in it', `cc-${TRACE}-${PARENT}-01-what-the-future-will-be-like`],
    ['of a later version with nothing after its last dash', `fe-${TRACE}-${PARENT}-01-`],
  ])('is continued: %s', (_, value) => {
    expect(traceIdOf(value)).toBe(TRACE);
  });

  it.each([
    ['empty', ''],
    ['of the version that is none', `ff-${TRACE}-${PARENT}-01`],
    ['of a version in capitals', `CC-${TRACE}-${PARENT}-01`],
    ['of a version with one digit', `0-${TRACE}-${PARENT}-01`],
    ['of a version with three', `000-${TRACE}-${PARENT}-01`],
    ['of version 00 with more in it', `00-${TRACE}-${PARENT}-01-what`],
    ['of version 00 with a dash too much', `00-${TRACE}-${PARENT}-01-`],
    ['of a later version that goes on without a dash', `01-${TRACE}-${PARENT}-01.what`],
    ['without a trace id', `00-${'0'.repeat(32)}-${PARENT}-01`],
    ['without a parent', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['with a trace id in capitals', `00-${TRACE.toUpperCase()}-${PARENT}-01`],
    ['with a parent in capitals', `00-${TRACE}-${PARENT.toUpperCase()}-01`],
    ['with a trace id that is too short', `00-${TRACE.slice(1)}-${PARENT}-01`],
    ['with a trace id that is too long', `00-${TRACE}0-${PARENT}-01`],
    ['with a parent that is too short', `00-${TRACE}-${PARENT.slice(1)}-01`],
    ['with a parent that is too long', `00-${TRACE}-${PARENT}0-01`],
    ['with a digit that is none', `00-${TRACE.slice(1)}g-${PARENT}-01`],
    ['without flags', `00-${TRACE}-${PARENT}`],
    ['with flags of one digit', `00-${TRACE}-${PARENT}-1`],
    ['with flags in capitals', `00-${TRACE}-${PARENT}-0A`],
    ['with underscores', `00_${TRACE}_${PARENT}_01`],
    ['with a line after it', `00-${TRACE}-${PARENT}-01\n`],
    ['joined with another by a platform', `01-${TRACE}-${PARENT}-01-x,01-${TRACE}-${PARENT}-01`],
  ])('is ignored: %s', (_, value) => {
    expect(traceIdOf(value)).toMatch(/^[\da-f]{32}$/);
    expect(traceIdOf(value)).not.toBe(TRACE);
  });

  it('is ignored where it is repeated, the same twice too', () => {
    const value = `00-${TRACE}-${PARENT}-01`;
    expect(traceIdOf(value, value)).not.toBe(TRACE);
    expect(traceIdOf(value, '')).not.toBe(TRACE);
  });
});

it('is a new id for each request without one', () => {
  expect(traceIdOf()).toMatch(/^[\da-f]{32}$/);
  expect(traceIdOf()).not.toBe(traceIdOf());
});

it('is 32 hexadecimal digits, whatever arrives', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (value) => {
      expect(traceIdOf(value)).toMatch(/^[\da-f]{32}$/);
    }),
  );
});
