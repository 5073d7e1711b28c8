import { readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';

import type { Emulator } from '../emulator/emulator.ts';
import { readLogFile } from '../scripts/deploy/logs.ts';
import { searchOf, type Line } from './support/cls-query.ts';
import { onEmulator } from './support/emulator.ts';
import { createKey, token } from './support/jwt.ts';
import {
  bearer,
  cancelBody,
  KEY,
  keyEntry,
  startGateway,
  webhook,
  type InProcessGateway,
} from './support/three-callers.ts';

/**
 * docs/operations.md: each line of the log that it shows is one that its fault, injected, leaves there, and
 * its query in deploy/cls.json finds.
 */

const page = readFileSync(new URL('../docs/operations.md', import.meta.url), 'utf8');
const entries = new Map(
  page
    .split(/^### /m)
    .slice(1)
    .map((entry): [string, object] => {
      const [title = ''] = entry.split('\n');
      const [, json = '{}'] = /```json\n(.*?)\n```/s.exec(entry) ?? [];
      return [title, JSON.parse(json)];
    }),
);

let emulator: Emulator;
onEmulator(
  [
    { id: 'nightly-etl', state: 'running', engine: 'etl', region: 'ap-guangzhou' },
    { id: 'done-long-ago', state: 'succeeded' },
  ],
  (started) => void (emulator = started),
  { cancelMs: 0 },
);

interface Fault {
  readonly settings?: Readonly<Record<string, string>>;
  readonly inject?: () => Promise<unknown>;
  /** Default: the task is cancelled with the key. */
  readonly ask?: (send: InProcessGateway['send']) => Promise<unknown>;
}

const key = [['X-API-Key', KEY]] as const;
const cancel = (send: InProcessGateway['send']): Promise<unknown> =>
  send('DELETE', '/tasks/nightly-etl', key);
const code = (upstreamCode: string) => (): Promise<unknown> =>
  emulator.addFault({ action: 'CancelTask', kind: 'code', code: upstreamCode, times: 'always' });
const withKey = (members: object) => ({ API_KEYS: JSON.stringify([keyEntry(KEY, members)]) });
const issuer = {
  id: 'idp',
  issuer: 'https://id.example',
  audience: 'gateway',
  algorithms: ['ES256'],
  jwksUri: 'http://127.0.0.1:9/jwks.json',
};

const FAULTS: Readonly<Record<string, Fault>> = {
  'A caller gets 401': {
    ask: (send) => send('DELETE', '/tasks/nightly-etl', [['X-API-Key', 'dlcgw_a-key-of-nobody']]),
  },
  'A frontend gets 401': {
    ask: (send) => send('DELETE', '/tasks/nightly-etl', [bearer({ exp: 1 })]),
  },
  '503 `auth-provider-unavailable`': {
    settings: { JWT_ISSUERS: JSON.stringify([issuer]) },
    ask: (send) => {
      const bearing = `Bearer ${token(createKey('ES256', 'k1'))}`;
      return send('DELETE', '/tasks/nightly-etl', [['Authorization', bearing]]);
    },
  },
  "A sender's webhooks do nothing": {
    ask: (send) => {
      const { headers, body } = webhook(cancelBody('done-long-ago'));
      return send('POST', '/webhooks/cancel-task', headers, body);
    },
  },
  '403, although the credentials are right': { settings: withKey({ engines: ['reports'] }) },
  '502 `upstream-credentials-rejected`': { inject: code('AuthFailure.SecretIdNotFound') },
  '500 `gateway-misconfigured`': { settings: { TENCENTCLOUD_SECRETKEY: '' } },
  '429 `quota-exceeded`': {
    settings: { CALLER_RATE: '1/m' },
    ask: async (send) => [await cancel(send), await cancel(send)],
  },
  '429 `upstream-rate-limited`, and nothing went to DLC': {
    settings: { MAX_WAIT_MS: '0', UPSTREAM_RATE: '1' },
    // At once, so that no slot comes in between.
    ask: (send) => Promise.all([cancel(send), cancel(send)]),
  },
  '429 `upstream-rate-limited`, from DLC': {
    settings: { MAX_ATTEMPTS: '2' },
    inject: code('RequestLimitExceeded'),
  },
  'Responses are slow': {
    settings: { ATTEMPT_TIMEOUT_MS: '300' },
    inject: () => emulator.addFault({ action: 'CancelTask', kind: 'hang', times: 1 }),
  },
  '502 `upstream-unreachable`': {
    settings: { MAX_ATTEMPTS: '1' },
    inject: () => emulator.addFault({ action: 'CancelTask', kind: 'refuse', times: 'always' }),
  },
  '"Was the task cancelled or not?"': {
    settings: { MAX_ATTEMPTS: '1', TASK_STATE_LOOKUP: 'off' },
    inject: () => emulator.addFault({ action: 'CancelTask', kind: 'reset-after', times: 'always' }),
  },
  '"The task was not cancelled, and you said 202"': {},
  '"It says the task is not found, but I see it"': {
    ask: (send) => send('DELETE', '/tasks/nightly-etl?region=ap-singapore', key),
  },
  'Redis is down': { settings: { REDIS_URL: 'redis://127.0.0.1:9' } },
};

const { index, queries } = readLogFile();
/** CLS has the time of a line by itself. */
const INDEXED = new Set([...index.exact, ...index.words, ...index.numbers, 'time']);
/** Entries whose query is about every cancellation. */
const OF_ALL = new Set(['Responses are slow', '"The task was not cancelled, and you said 202"']);

describe('the runbook', () => {
  it('has an entry and a query for each fault that is tried here, and no other', () => {
    expect([...entries.keys()]).toEqual(Object.keys(FAULTS));
    expect(Object.keys(queries)).toEqual(Object.keys(FAULTS));
  });

  it.each(Object.entries(FAULTS))('%s', async (title, { settings = {}, inject, ask = cancel }) => {
    await inject?.();
    const gateway = startGateway(emulator.port, { LOG_LEVEL: 'info', ...settings });
    await ask((...request) => gateway.send(...request));
    const lines = gateway.log.map((line): Line => JSON.parse(line));
    const shown = Object.entries(entries.get(title) ?? {}).map(([name, value]) => {
      const begun = typeof value === 'string' && value.endsWith('…') && value.slice(0, -1);
      return [name, begun ? expect.stringContaining(begun) : value];
    });
    expect(shown.length).toBeGreaterThan(3);
    const unknown = lines.flatMap((line) => Object.keys(line)).filter((name) => !INDEXED.has(name));
    expect(unknown).toEqual([]);
    const line = expect.objectContaining(Object.fromEntries(shown));
    expect(lines).toContainEqual(line);
    const finds = searchOf(queries[title] ?? '', index.words);
    expect(lines.filter(finds)).toContainEqual(line);
    // What a cancellation leaves that nothing is wrong with.
    const isFound = finds({ event: 'request', outcome: 'cancel_requested', level: 'info' });
    expect(isFound).toBe(OF_ALL.has(title));
  });
});
