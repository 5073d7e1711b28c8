import { expect, it } from '@jest/globals';

import type { Emulator } from '../../emulator/emulator.ts';
import { deliveryOf } from '../../scripts/callers/webhook-kinds.ts';
import { onEmulator } from '../support/emulator.ts';
import { startInProcess } from '../support/in-process.ts';
import { SECRET, SENDERS, digest } from '../support/senders.ts';
import { runScript } from './run-script.ts';

/** The tool sends as each kind: the gateway, which others' signers have proved, takes what it makes. */
let emulator: Emulator;
onEmulator({ id: 'one', state: 'running' }, (started) => void (emulator = started));

const kinds = new Set(Object.values(SENDERS).map(({ kind }) => kind));
const made = [...kinds].filter((kind) => !/^(standard-webhooks|generic-hmac)$/.test(kind));
const signs = /^(grafana|github|gitea|forgejo|bitbucket|gitlab|slack|pagerduty|stripe)$/;

const ROWS: readonly (readonly [string, object, object])[] = [
  ...made.map((kind) => [kind, {}, {}] as const),
  ['grafana', { timestampHeader: 'X-Time' }, { timestampHeader: 'X-Time' }],
  ['gitlab', { via: 'X-Gitlab-Token' }, {}],
  ['cls', { via: 'basic' }, { via: 'basic' }],
  ['github', { pointer: '/client_payload/task' }, { task: { id: '/client_payload/task' } }],
];

it.each(ROWS)('a delivery of %s, %j', async (kind, options, entry) => {
  const isSigned = signs.test(kind) && !('via' in options);
  const secret = isSigned ? { secrets: [SECRET] } : { sha256: [digest(SECRET)] };
  const WEBHOOK_SENDERS = JSON.stringify([{ id: 'it', kind, ...secret, ...entry }]);
  const gateway = startInProcess({ port: emulator.port, env: { WEBHOOK_SENDERS } });
  const delivery = deliveryOf(kind, SECRET, {
    taskId: 'one',
    id: 'msg_1',
    now: Date.now(),
    ...options,
  });
  expect(delivery.isSigned).toBe(isSigned);
  const headers = Object.entries(delivery.headers);
  const response = await gateway.send('POST', '/webhooks/it', headers, delivery.body);
  expect(response.status).toBe(200);
  expect(emulator.stats().cancelled).toEqual(['one']);
});

const ARGS = ['--url', 'http://127.0.0.1:1/webhooks/it', '--task', 'one', '--print', '--kind'];
const env = { GATEWAY_WEBHOOK_SECRET: SECRET };

it('prints a curl command for a kind that signs', async () => {
  const { exitCode, stdout } = await runScript('webhook', [...ARGS, 'github'], { env });
  expect(exitCode).toBe(0);
  expect(stdout).toContain("-H 'x-hub-signature-256: sha256=");
  expect(stdout).not.toContain(SECRET);
});

it.each([
  ['datadog', /--print would show the secret/],
  ['nobody', /--kind must be one of grafana, /],
])('refuses %s', async (kind, message) => {
  const { exitCode, stdout, stderr } = await runScript('webhook', [...ARGS, kind], { env });
  expect({ exitCode, stdout }).toEqual({ exitCode: 64, stdout: '' });
  expect(stderr).toMatch(message);
  expect(stderr).not.toContain(SECRET);
});
