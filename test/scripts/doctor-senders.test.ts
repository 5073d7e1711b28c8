import { expect, it } from '@jest/globals';

import { checkSenders } from '../../scripts/doctor/senders.ts';
import { webhookSenderEntries } from '../../src/lib/webhooks/sender-entries.ts';
import { toWebhookSenders } from '../../src/lib/webhooks/webhook-senders.ts';
import { digest, SECRET, SENDERS } from '../support/senders.ts';

const messages = (...entries: readonly object[]): readonly string[] => {
  const list = entries.map((entry, i) => ({ id: `s${i}`, ...entry }));
  const webhookSenders = toWebhookSenders(webhookSenderEntries.parse(list), {});
  return checkSenders({ webhookSenders }).map(({ status, message }) => `${status} ${message}`);
};
const entryOf = (name: string): object => ({ kind: SENDERS[name]?.kind, ...SENDERS[name]?.entry });

it.each([
  [
    'grafana',
    'ok s0 (grafana): HMAC-SHA256 of "{body}" in x-grafana-alerting-signature, 1 secret, good without a timestamp, so for ever; names tasks by /labels/dlc_task_id of each of /alerts where /status fits; what may yet succeed is a 503',
  ],
  [
    'a command of slack',
    'ok s0 (slack): HMAC-SHA256 of "v0:{timestamp}:{body}" in x-slack-signature, 1 secret, good for 300 s; names tasks by /text or /payload/actions/0/value; a failure is a text, within 2.5 s',
  ],
  [
    'cls',
    'ok s0 (cls): a static secret, x-cls-secret, 1 secret; names its task in the body task.cancel; what may yet succeed is a 503, within 4.5 s',
  ],
  [
    'standard webhooks',
    'ok s0 (standard-webhooks): Standard Webhooks, 1 secret; names its task in the body task.cancel; what may yet succeed is a 503',
  ],
])('the doctor says what an entry comes to: %s', (name, message) => {
  expect(messages(entryOf(name))).toEqual([message]);
});

it('the doctor names a field that others may take for their own', () => {
  const hmac = { header: 'Authorization', signed: '{body}', encoding: 'hex' };
  const dbt = { kind: 'generic-hmac', secrets: [SECRET], hmac, require: { '/eventType': 'x' } };
  const plain = { kind: 'generic-secret', via: 'X-API-Key', sha256: [digest(`${SECRET}2`)] };
  expect(messages(dbt, plain)).toEqual([
    expect.stringContaining('if /eventType is as required'),
    'warning s0: Authorization is read as it is, without a scheme',
    expect.any(String),
    'warning s1: x-api-key is read as it is, without a scheme',
  ]);
});
