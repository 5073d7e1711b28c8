import { expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { readLogFile } from '../../scripts/deploy/logs.ts';
import { projectRoot } from '../support/checkout.ts';
import { fieldsIn, searchOf, type Line } from '../support/cls-query.ts';

/** deploy/cls.json: the index has what the log has, and queries and alarms find what they are for. */

const { index, queries, alarms } = readLogFile();
const all = [...index.exact, ...index.words, ...index.numbers];

it('the index has every field that docs/observability.md lists, each once', () => {
  expect(new Set(all).size).toBe(all.length);
  const text = readFileSync(path.join(projectRoot, 'docs/observability.md'), 'utf8');
  const [events = '', request = '', audit = ''] = ['## Events', '### `request`', '### `audit`'].map(
    (title) => text.split(`${title}\n`)[1]?.split('\n#')[0] ?? '',
  );
  const last = [...events.matchAll(/^\|.*\| ([^|]*) \|$/gm)].map(([, cell = '']) => cell);
  const first = [...`${request}${audit}`.matchAll(/^\| (`[^|]*) \|/gm)].map(
    ([, cell = '']) => cell,
  );
  const named = [...last, ...first].flatMap((cell) =>
    [...cell.replaceAll(/\([^)]*\)/g, '').matchAll(/`(\w+)`/g)].map(([, name = '']) => name),
  );
  expect(named.length).toBeGreaterThan(50);
  expect([...new Set(named)].filter((name) => !all.includes(name))).toEqual([]);
});

it.each([...Object.entries(queries), ...alarms.map(({ name, query }) => [name, query] as const)])(
  '%s: its query names indexed fields alone, and can be read',
  (_, query) => {
    expect(fieldsIn(query).filter((name) => !all.includes(name))).toEqual([]);
    expect(fieldsIn(query).length).toBeGreaterThan(0);
    expect(() => searchOf(query, index.words)).not.toThrow();
  },
);

const request = { event: 'request', level: 'info', route: '/tasks/{taskId}', status: 202 };
const FINDS: Readonly<Record<string, Line>> = {
  'credentials-rejected': { ...request, code: 'upstream-credentials-rejected' },
  misconfigured: { event: 'wrong-setting' },
  crashed: { event: 'crash' },
  errors: request,
  'agent-errors': { ...request, route: '/mcp', status: 200, level: 'warn' },
  'auth-provider-unavailable': { ...request, code: 'auth-provider-unavailable' },
  'outcome-unknown': { event: 'audit', phase: 'result', decision: 'allow', outcome: 'unknown' },
  'rate-used-up': { ...request, code: 'upstream-rate-limited' },
  'limits-not-shared': { event: 'limits-own' },
  unauthenticated: { ...request, code: 'unauthenticated' },
};

it.each(alarms)('$name: finds its line, and a name in its condition is one of its SQL', (alarm) => {
  const finds = searchOf(alarm.query, index.words);
  const line = FINDS[alarm.name];
  expect(line && finds(line)).toBe(true);
  expect(finds({ event: 'listening' })).toBe(false);
  expect(finds({ ...request, route: '/readyz' })).toBe(false);
  const [, name] = /^\$1\.(\w+) > \d+$/.exec(alarm.condition) ?? [];
  expect(alarm.query).toMatch(new RegExp(` AS ${name}$`));
});
