import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { startEmulator, type Emulator } from '../emulator/emulator.ts';
import { newTokenSecret } from '../scripts/callers/token-sign.ts';
import { newWebhookSecret } from '../scripts/callers/webhook-sign.ts';
import {
  bearer,
  cancelBody,
  jwtIssuer,
  keyEntry,
  startGateway,
  webhook,
  type TestGateway,
} from './support/three-callers.ts';

/**
 * Each secret is replaced in the three steps of docs/security.md: the new one beside the old, the
 * callers over to the new, the old one away. A step is a deployment, so a gateway of its own here.
 * No request of a caller who keeps to the steps is refused in any of them.
 */
let emulator: Emulator;
let folder: string;
beforeAll(async () => {
  emulator = await startEmulator({ cancelMs: 0, rate: 1e6 });
  folder = await mkdtemp(path.join(tmpdir(), 'rotation-'));
});
afterAll(async () => {
  await emulator.close();
  await rm(folder, { recursive: true });
});

let tasks = 0;
function newTask(): string {
  const id = `task-${++tasks}`;
  emulator.addTasks({ id, state: 'running' });
  return id;
}

const withKey = async (gateway: TestGateway, key: string) =>
  (await gateway.send('DELETE', `/tasks/${newTask()}`, [['X-API-Key', key]])).status;
const withToken = async (gateway: TestGateway, secret: string, iss: string) =>
  (
    await gateway.send('DELETE', `/tasks/${newTask()}`, [
      bearer({ iss, scope: 'tasks:cancel' }, secret),
    ])
  ).status;
const withWebhook = async (gateway: TestGateway, ...secrets: string[]) => {
  const { headers, body } = webhook(cancelBody(newTask()), secrets);
  return (await gateway.send('POST', '/webhooks/cancel-task', headers, body)).status;
};

/** A setting as a value, and the same in a mounted file. */
const forms = ['in the setting', 'in a mounted file'] as const;
async function setting(name: string, entries: unknown, form: (typeof forms)[number]) {
  const text = JSON.stringify(entries);
  if (form === 'in the setting') return { [name]: text };
  const file = path.join(folder, `${name}.json`);
  await writeFile(file, text);
  return { [name]: `@${file}` };
}

describe.each(forms)('%s', (form) => {
  it('an API key is replaced with no refused request', async () => {
    const [before, both, after] = [
      ['the-old-key-of-a-caller'],
      ['the-old-key-of-a-caller', 'the-new-key-of-a-caller'],
      ['the-new-key-of-a-caller'],
    ].map((keys) => keys.map((key) => keyEntry(key)));
    const at = async (entries: unknown) =>
      startGateway(emulator.port, await setting('API_KEYS', entries, form));
    expect(await withKey(await at(before), 'the-old-key-of-a-caller')).toBe(202);
    const middle = await at(both);
    expect([
      await withKey(middle, 'the-old-key-of-a-caller'),
      await withKey(middle, 'the-new-key-of-a-caller'),
    ]).toEqual([202, 202]);
    const last = await at(after);
    expect([
      await withKey(last, 'the-new-key-of-a-caller'),
      await withKey(last, 'the-old-key-of-a-caller'),
    ]).toEqual([202, 401]);
  });

  it("a webhook's secret, taken from a variable, is replaced with no refused request", async () => {
    const [oldSecret, newSecret] = [newWebhookSecret(), newWebhookSecret()];
    const env = { OLD_SECRET: oldSecret, NEW_SECRET: newSecret };
    const at = async (...names: string[]) => {
      const secrets = names.map((name) => `env:${name}`);
      const entries = await setting('WEBHOOK_SENDERS', [{ id: 'hub', secrets }], form);
      return startGateway(emulator.port, { ...entries, ...env });
    };
    expect(await withWebhook(await at('OLD_SECRET'), oldSecret)).toBe(202);
    const both = await at('OLD_SECRET', 'NEW_SECRET');
    expect(await withWebhook(both, oldSecret)).toBe(202);
    expect(await withWebhook(both, oldSecret, newSecret)).toBe(202);
    const last = await at('NEW_SECRET');
    expect([await withWebhook(last, newSecret), await withWebhook(last, oldSecret)]).toEqual([
      202, 401,
    ]);
  });

  it("a token issuer's secret, taken from a variable, is replaced with no refused request", async () => {
    // An issuer has one secret: the new one comes with an issuer name of its own.
    const [oldSecret, newSecret] = [newTokenSecret(), newTokenSecret()];
    const env = { OLD_SECRET: oldSecret, NEW_SECRET: newSecret };
    const entry = (name: string) =>
      jwtIssuer({ id: name, issuer: `https://${name}.example`, secret: `env:${name}_SECRET` });
    const at = async (...names: string[]) => {
      const entries = await setting('JWT_ISSUERS', names.map(entry), form);
      return startGateway(emulator.port, { ...entries, ...env });
    };
    const [oldName, newName] = ['https://OLD.example', 'https://NEW.example'];
    expect(await withToken(await at('OLD'), oldSecret, oldName)).toBe(202);
    const both = await at('OLD', 'NEW');
    expect(await withToken(both, oldSecret, oldName)).toBe(202);
    expect(await withToken(both, newSecret, newName)).toBe(202);
    const last = await at('NEW');
    expect(await withToken(last, newSecret, newName)).toBe(202);
    expect(await withToken(last, oldSecret, oldName)).toBe(401);
  });
});
