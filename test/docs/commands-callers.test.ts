import { expect, it } from '@jest/globals';

import { loadSettings } from '../../src/settings.ts';
import { commandsFor } from '../support/documented-commands.ts';
import { itWith } from '../support/needs.ts';
import { parseAnswers } from '../support/http-client.ts';
import { IS_UP, shellInWorkingCopy } from '../support/paste.ts';

/** What the documents for callers say about keys, tokens and webhooks. */

const commands = commandsFor('commands-callers');
const key = commands.block(
  'docs/calling.md',
  'npm run key -- --id reporting --scope tasks:cancel --scope tasks:read',
);
const newSecret = commands.block('docs/webhooks.md', 'npm run webhook -- --new-secret');
const shared = 'export GATEWAY_JWT_SECRET=0123456789abcdef0123456789abcdef';
const first = commands.block('docs/frontend.md', shared);
const second = commands.block('docs/frontend.md', shared, 1);

const used = shellInWorkingCopy();

it('a key, and an entry that the gateway takes', async () => {
  const { stdout } = await used.shell.run(key);
  const API_KEYS = `[${/^ +(\{.+\})$/m.exec(stdout)?.[1]}]`;
  const { apiKeys } = loadSettings({ DLC_REGION: 'ap-guangzhou', API_KEYS }, '/');
  expect(JSON.stringify([...apiKeys])).toContain('"key:reporting"');
  expect(stdout).toMatch(/^ +dlcgw_\S+$/m);
});

it('a secret for webhooks, and an entry that the gateway takes', async () => {
  const { stdout } = await used.shell.run(newSecret);
  const WEBHOOK_SENDERS = `[${/^ +(\{.+\})$/m.exec(stdout)?.[1]}]`;
  const [, name = '', secret = ''] = /^ +(\w+)=(whsec_\S+)$/m.exec(stdout) ?? [];
  const env = { DLC_REGION: 'ap-guangzhou', WEBHOOK_SENDERS, [name]: secret };
  expect(loadSettings(env, '/').webhookSenders).toHaveLength(1);
});

itWith(['curl'], 'a token for one task, in two terminals', async () => {
  const demo = await used.shell.start(first, IS_UP);
  const { status, stdout } = await used.shell.run(second);
  await demo.end();
  expect(status).toBe(0);
  const responses = parseAnswers(stdout);
  expect(responses).toMatchObject([
    { status: 202, body: { taskId: 'demo-queued' } },
    { status: 403, body: { code: 'task-not-permitted' } },
  ]);
});

it('is all that is run here', () => commands.expectAllRun());
