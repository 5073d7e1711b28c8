import { expect, it } from '@jest/globals';

import type { Emulator } from '../../emulator/emulator.ts';
import { onEmulator } from '../support/emulator.ts';
import { bearer, cancelBody, KEY, startGateway, webhook } from '../support/three-callers.ts';

/** Nobody writes into the log: what is sent stays within its field, whatever it is sent in. */
let emulator: Emulator;
onEmulator({ id: 'mine', state: 'running' }, (started) => void (emulator = started));

const FORGED = '{"event":"audit","principal":"forged","decision":"allow"}';
/** Ends the line in every way there is, forges one, and turns a terminal's colours and direction. */
const EVIL = `x"\r\n${FORGED}\n\u0000\u001b[31m\u0085\u2028${FORGED}\u2029\u202e\u2066\u009b\u007f\ud800"}`;
const PERCENT = encodeURIComponent(EVIL.replace('\ud800', ''));
const key = ['X-API-Key', KEY] as const;

type Headers = readonly (readonly [string, string])[];
const evilWebhook = webhook({ ...cancelBody(EVIL), [EVIL]: EVIL });
const evilBody = webhook(EVIL);
const scoped = (claims: object) => bearer({ scope: 'tasks:cancel', ...claims });

const INPUTS: [string, string, string, Headers, string?][] = [
  ['the method', `DELETE${EVIL}`, '/tasks/mine', [key]],
  ['the path, as it is', 'DELETE', `/tasks/${EVIL}`, [key]],
  ['the path, encoded', 'DELETE', `/tasks/${PERCENT}`, [key]],
  ['the path of a route that is none', 'GET', `/${EVIL}`, []],
  ['the region', 'DELETE', `/tasks/mine?region=${PERCENT}`, [key]],
  ["a parameter's name", 'DELETE', `/tasks/mine?${PERCENT}=1`, [key]],
  ['X-Request-Id', 'DELETE', '/tasks/mine', [key, ['X-Request-Id', EVIL]]],
  ["a header field's name", 'DELETE', '/tasks/mine', [key, [`Webhook-${EVIL}`, EVIL]]],
  ['traceparent', 'DELETE', '/tasks/mine', [key, ['Traceparent', EVIL]]],
  ['Prefer', 'DELETE', '/tasks/mine', [key, ['Prefer', `wait=${EVIL}`]]],
  ['Origin', 'DELETE', '/tasks/mine', [key, ['Origin', EVIL]]],
  ['X-API-Key', 'DELETE', '/tasks/mine', [['X-API-Key', EVIL]]],
  ['Authorization', 'DELETE', '/tasks/mine', [['Authorization', EVIL]]],
  ['a token that is none', 'DELETE', '/tasks/mine', [['Authorization', `Bearer ${EVIL}`]]],
  ["a token's subject", 'DELETE', '/tasks/mine', [scoped({ sub: EVIL })]],
  ["a token's client", 'DELETE', '/tasks/mine', [scoped({ sub: undefined, client_id: EVIL })]],
  ["a token's issuer", 'DELETE', '/tasks/mine', [scoped({ iss: EVIL })]],
  ["a token's audience", 'DELETE', '/tasks/mine', [scoped({ aud: EVIL })]],
  ["a token's scope", 'DELETE', '/tasks/mine', [scoped({ scope: `tasks:cancel ${EVIL}` })]],
  [
    "a token's task",
    'DELETE',
    '/tasks/mine',
    [
      scoped({
        authorization_details: [{ type: 'dlc_task', actions: ['cancel'], identifier: EVIL }],
      }),
    ],
  ],
  ["a webhook's task", 'POST', '/webhooks/cancel-task', evilWebhook.headers, evilWebhook.body],
  ["a webhook's body", 'POST', '/webhooks/cancel-task', evilBody.headers, evilBody.body],
  ["a webhook's signature", 'POST', '/webhooks/cancel-task', [['Webhook-Signature', EVIL]], 'x'],
  ["a webhook's id", 'POST', '/webhooks/cancel-task', [['Webhook-Id', EVIL]], 'x'],
];

function expectSound(log: readonly string[]): Record<string, unknown>[] {
  return log.map((line) => {
    expect(line).toMatch(/^[\x20-\x7e\xa0-\u2027\u202f-\u2065\u206a-\ud7ff\ue000-\uffff]+\n$/u);
    const parsed: Record<string, unknown> = JSON.parse(line);
    expect(['request', 'audit', 'call', 'slot', 'crash']).toContain(parsed['event']);
    expect(parsed['principal']).not.toBe('forged');
    return parsed;
  });
}

it.each(INPUTS)('%s cannot', async (...input) => {
  const [, method, path, headers, body] = input;
  const gateway = startGateway(emulator.port, {});
  await gateway.send(method, path, headers, body);
  const lines = expectSound(gateway.log);
  expect(lines.filter(({ event }) => event === 'request')).toHaveLength(1);
  expect(lines.filter(({ event }) => event === 'crash')).toEqual([]);
  const results = lines.filter(({ phase }) => phase === 'result');
  expect(results.length).toBeLessThan(2);
});

it("DLC's code, message, id and engine cannot", async () => {
  const error = { Error: { Code: `Failed${EVIL}`, Message: EVIL }, RequestId: EVIL };
  const task = { TaskList: [{ Id: 'mine', State: 2, DataEngineName: EVIL }], RequestId: EVIL };
  for (const [action, Response] of [
    ['CancelTask', error],
    ['DescribeTasks', task],
  ] as const) {
    const body = JSON.stringify({ Response });
    await emulator.addFault({ action, kind: 'body', body, times: 'always' });
  }
  const gateway = startGateway(emulator.port, {});
  await gateway.send('DELETE', '/tasks/mine', [key]);
  const lines = expectSound(gateway.log);
  const line = lines.find(({ event }) => event === 'audit');
  expect(line).toMatchObject({ principal: 'key:k' });
  // The search is at the right place: what was sent is there, harmless.
  expect(JSON.stringify(lines)).toContain('forged');
});
