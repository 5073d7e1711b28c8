import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { Problem, type Violation } from '../../src/lib/problems.ts';
import { parseTaskRequest } from '../../src/lib/tasks.ts';

const regions = {
  defaultRegion: 'ap-guangzhou',
  allowedRegions: new Set(['ap-guangzhou', 'ap-singapore']),
};
type Query = [string, string][];

const parse = (segment: string, query: Query = []): unknown =>
  parseTaskRequest(segment, query, regions);

function violations(segment: string, query: Query = []): readonly Violation[] {
  try {
    parse(segment, query);
  } catch (error) {
    if (error instanceof Problem && error.code === 'invalid-request')
      return error.members.errors ?? [];
    throw error;
  }
  return [];
}

describe('the task id', () => {
  it.each([
    '4ad30ca9-8b0e-499f-b4e1-d6e43ba0e564',
    '4ad30ca98b0e499fb4e1d6e43ba0e564',
    '4ad30ca98b0e499fb4e1d6e43ba0e56',
    '12345678901234567',
    '12345678901234567890',
    'a',
    '-',
    '__proto__',
    'x'.repeat(128),
  ])('may be %s', (id) => {
    expect(parse(id)).toEqual({ taskId: id, region: 'ap-guangzhou' });
  });

  it.each([
    '',
    'x'.repeat(129),
    '%00',
    'a%00',
    '..%2f..%2fhealthz',
    '..',
    'a.b',
    'a b',
    'a%20b',
    'a+b',
    '%E0%A4%A',
    '%',
    '%zz',
    '%2',
    '%3Cscript%3Ealert(1)%3C%2Fscript%3E',
    '%22%7D',
    'a%0A',
    'a%0d%0aX-Evil:%201',
    'a;b',
    'a#b',
    'ä',
    '%C3%A4',
    '%EF%BC%A1',
    '%2541',
    '{taskId}',
  ])('may not be "%s"', (segment) => {
    expect(violations(segment)).toEqual([
      { in: 'path', name: 'taskId', message: 'must be 1 to 128 letters, digits, "_" or "-"' },
    ]);
  });

  const good = fc.stringMatching(/^[A-Za-z0-9_-]{1,128}$/);

  it('is taken as it is wherever it is good', () => {
    fc.assert(fc.property(good, (id) => expect(parse(id)).toMatchObject({ taskId: id })));
  });

  it('is decoded exactly once', () => {
    const encodeAll = (text: string): string =>
      Buffer.from(text).toString('hex').replaceAll(/../g, '%$&');
    fc.assert(
      fc.property(good, (id) => {
        expect(parse(encodeAll(id))).toMatchObject({ taskId: id });
        expect(violations(encodeURIComponent(encodeAll(id)))).toHaveLength(1);
      }),
    );
  });

  it('is never anything but what the rule allows, whatever arrives', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string().map(encodeURIComponent)), (segment) => {
        if (violations(segment).length > 0) return;
        expect(parse(segment)).toMatchObject({ taskId: expect.stringMatching(/^[\w-]{1,128}$/) });
      }),
    );
  });
});

describe('the region', () => {
  it('is the default, or the one that is named', () => {
    expect(parse('a')).toEqual({ taskId: 'a', region: 'ap-guangzhou' });
    expect(parse('a', [['region', 'ap-singapore']])).toEqual({
      taskId: 'a',
      region: 'ap-singapore',
    });
  });

  it.each<[string, string]>([
    ['na-ashburn', 'is not a region that this gateway serves'],
    ['', 'must be a region such as ap-guangzhou'],
    ['ap-guangzhou ', 'must be a region such as ap-guangzhou'],
    ['AP-GUANGZHOU', 'must be a region such as ap-guangzhou'],
    ['ap-guangzhou,ap-singapore', 'must be a region such as ap-guangzhou'],
    ['<script>', 'must be a region such as ap-guangzhou'],
  ])('may not be "%s"', (value, message) => {
    expect(violations('a', [['region', value]])).toEqual([
      { in: 'query', name: 'region', message },
    ]);
  });

  it.each<[string, Query]>([
    [
      'differently',
      [
        ['region', 'ap-guangzhou'],
        ['region', 'ap-singapore'],
      ],
    ],
    [
      'alike',
      [
        ['region', 'ap-guangzhou'],
        ['region', 'ap-guangzhou'],
      ],
    ],
  ])('may not be repeated, %s', (_, query) => {
    expect(violations('a', query)).toEqual([
      { in: 'query', name: 'region', message: 'must not be repeated' },
    ]);
  });
});

describe('any other parameter', () => {
  it.each([
    'regoin',
    'Region',
    'REGION',
    ' region',
    'region ',
    'region[]',
    '',
    '__proto__',
    'wait',
  ])('"%s" is refused', (name) => {
    expect(violations('a', [[name, 'ap-guangzhou']])).toMatchObject([
      { in: 'query', message: 'is not a parameter of this route' },
    ]);
  });

  it('is named as far as that is harmless', () => {
    const nameOf = (name: string): unknown => violations('a', [[name, '']])[0]?.name;
    expect(nameOf('<img src=x>')).toBe('?img?src?x?');
    expect(nameOf('a\r\nb')).toBe('a??b');
    expect(nameOf('x'.repeat(1000))).toBe('x'.repeat(64));
  });

  it('is named together with everything else that is wrong', () => {
    const query: Query = [
      ['regoin', 'x'],
      ['region', 'mars'],
    ];
    expect(violations('a b', query).map(({ in: where, name }) => `${where} ${name}`)).toEqual([
      'path taskId',
      'query regoin',
      'query region',
    ]);
  });

  it('is named once, and once as repeated', () => {
    const query: Query = ['x', 'y', 'x', 'x'].map((name) => [name, '']);
    expect(violations('a', query).map(({ name, message }) => `${name} ${message}`)).toEqual([
      'x is not a parameter of this route',
      'y is not a parameter of this route',
      'x must not be repeated',
    ]);
  });

  it('is not named for ever', () => {
    const query: Query = Array.from({ length: 5000 }, (_, i) => [`p${i}`, '']);
    expect(violations('a', query)).toHaveLength(16);
  });
});
