import { execFileSync } from 'node:child_process';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Webhook } from 'standardwebhooks';

import { send, toCurl } from '../../scripts/callers/webhook-send.ts';
import {
  cancelTaskBody,
  newWebhookKeyPair,
  newWebhookSecret,
  signWebhook,
} from '../../scripts/callers/webhook-sign.ts';
import { webhookSenderEntries } from '../../src/lib/webhooks/sender-entries.ts';
import { toWebhookSenders } from '../../src/lib/webhooks/webhook-senders.ts';
import { EXAMPLE, SVIX, verifyWebhook } from '../support/webhook.ts';
import { runScript } from './run-script.ts';

describe('signWebhook', () => {
  it('makes the signatures that others published', () => {
    expect(signWebhook(EXAMPLE, [EXAMPLE.secret, SVIX.privateKey])).toBe(
      `${EXAMPLE.v1} ${SVIX.v1a}`,
    );
  });

  it('takes a private key without its public half', () => {
    const seed = Buffer.from(SVIX.privateKey.slice(5), 'base64').subarray(0, 32);
    expect(signWebhook(EXAMPLE, [`whsk_${seed.toString('base64')}`])).toBe(SVIX.v1a);
  });

  it('makes what an independent receiver verifies', () => {
    const secret = newWebhookSecret();
    const message = { id: 'msg_1', timestamp: Math.floor(Date.now() / 1000), body: '{"a":"ä"}' };
    const headers = {
      'webhook-id': message.id,
      'webhook-timestamp': String(message.timestamp),
      'webhook-signature': signWebhook(message, [newWebhookSecret(), secret]),
    };
    expect(new Webhook(secret).verify(message.body, headers)).toEqual({ a: 'ä' });
  });

  const halves = Buffer.concat([Buffer.alloc(32, 1), Buffer.alloc(32, 2)]).toString('base64');
  it.each([
    ['PLANTED', 'the secret must begin with whsec_ or whsk_'],
    [SVIX.publicKey, 'the secret must begin with whsec_ or whsk_'],
    ['whsec_PLANTED', 'the secret must be standard base64, with padding, after whsec_'],
    ['whsec_PLANTED+', 'the secret must be 24 to 64 bytes after whsec_'],
    ['whsk_PLANTED+', 'the private key must be 32 or 64 bytes after whsk_'],
    [`whsk_${halves}`, 'the two halves of the private key do not belong together'],
  ])('refuses %s without repeating it', (secret, message) => {
    expect(() => signWebhook(EXAMPLE, [secret])).toThrow(
      expect.objectContaining({ message, exitCode: 65 }),
    );
  });
});

interface Received {
  readonly method: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

describe('npm run webhook', () => {
  const secret = newWebhookSecret();
  const pair = newWebhookKeyPair();
  const senders = toWebhookSenders([{ id: 'hub', secrets: [secret, pair.publicKey] }], {});
  let server: Server;
  let url = '';
  let reply = { status: 202, body: '{"outcome":"cancel_requested"}' };
  let received: Received[] = [];

  async function replyTo(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, headers } = request;
    // It may still come when the next test has begun.
    if (request.url === '/hang') return;
    received.push({ method, headers, body: await text(request) });
    response.writeHead(reply.status, { Location: '/elsewhere' }).end(reply.body);
  }

  beforeAll(async () => {
    server = createServer((request, response) => void replyTo(request, response));
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a TCP server has no other address
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/cancel-task`;
  });
  beforeEach(() => {
    received = [];
    reply = { status: 202, body: '{"outcome":"cancel_requested"}' };
  });
  afterAll(() => {
    server.close();
    server.closeAllConnections();
  });

  function verifyReceived(): { id: string; data: unknown } {
    const body = received[0]?.body ?? '';
    const field = (name: string): string => String(received[0]?.headers[name]);
    const message = {
      id: field('webhook-id'),
      timestamp: field('webhook-timestamp'),
      signature: field('webhook-signature'),
      body: Buffer.from(body),
    };
    expect(verifyWebhook(senders, message, Date.now()).id).toBe('hook:hub');
    return { id: message.id, data: JSON.parse(body) };
  }

  it('sends what the gateway verifies, and shows the answer', async () => {
    const args = ['--url', url, '--task', 'one', '--region', 'ap-guangzhou', '--id', 'msg_1'];
    const ran = await runScript('webhook', args, { env: { GATEWAY_WEBHOOK_SECRET: secret } });
    expect(ran).toEqual({
      exitCode: 0,
      stdout: '202\n{\n  "outcome": "cancel_requested"\n}\n',
      stderr: '',
    });
    expect(received).toHaveLength(1);
    expect(received[0]).toMatchObject({
      method: 'POST',
      headers: { 'content-type': 'application/json' },
    });
    expect(verifyReceived()).toEqual({
      id: 'msg_1',
      data: {
        type: 'task.cancel',
        timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        data: { taskId: 'one', region: 'ap-guangzhou' },
      },
    });
  });

  it('signs with a key from stdin, and speaks JSON to programs', async () => {
    const args = ['--url', url, '--task', 'one', '--secret-stdin', '--json'];
    const ran = await runScript('webhook', args, { stdin: `${pair.privateKey}\n` });
    const { id } = verifyReceived();
    expect(id).toMatch(/^msg_[0-9a-f-]{36}$/);
    expect(JSON.parse(ran.stdout)).toEqual({ id, ...reply });
    expect(received[0]?.headers['webhook-signature']).toMatch(/^v1a,/);
  });

  it('signs with several secrets while they change', async () => {
    const args = ['--url', url, '--task', 'one', '--secret-env', 'OLD', '--secret-env', 'NEW'];
    await runScript('webhook', args, { env: { OLD: newWebhookSecret(), NEW: secret } });
    expect(String(received[0]?.headers['webhook-signature']).split(' ')).toHaveLength(2);
    verifyReceived();
  });

  it.each([
    [401, 'no JSON'],
    [307, ''],
    [500, '{}'],
  ])('ends with 1 after a %i, which it does not follow', async (status, body) => {
    reply = { status, body };
    const args = ['--url', url, '--task', 'one'];
    const ran = await runScript('webhook', args, { env: { GATEWAY_WEBHOOK_SECRET: secret } });
    expect(ran).toEqual({ exitCode: 1, stdout: `${status}\n${body}\n`, stderr: '' });
    expect(received).toHaveLength(1);
  });

  it('ends with 69 where there is no answer, and says where to look', async () => {
    const closed = createServer();
    await new Promise<void>((resolve) => {
      closed.listen(0, '127.0.0.1', resolve);
    });
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a TCP server has no other address
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => {
      closed.close(resolve);
    });
    const args = ['--url', `http://127.0.0.1:${port}/`, '--task', 'one'];
    const ran = await runScript('webhook', args, { env: { GATEWAY_WEBHOOK_SECRET: secret } });
    expect(ran).toEqual({
      exitCode: 69,
      stdout: '',
      stderr:
        'there was no response: ECONNREFUSED; is --url right, and does the gateway run there?\n',
    });
  });

  it('does not wait for ever', async () => {
    const webhook = { url: new URL('/hang', url).href, headers: {}, body: '' };
    await expect(send(webhook, 50)).rejects.toThrow('there was no response: time is up');
    // Port 1 is one that `fetch` refuses, without a code.
    await expect(send({ ...webhook, url: 'http://127.0.0.1:1/' })).rejects.toThrow(
      'there was no response: the connection failed',
    );
  });

  it('prints a curl command that a shell takes apart into the same request', async () => {
    const args = ['--url', `${url}?a='b'&c=$HOME`, '--task', `it's "$(id)"`, '--print'];
    const env = { GATEWAY_WEBHOOK_SECRET: secret };
    const { stdout, exitCode } = await runScript('webhook', args, { env });
    expect([exitCode, received]).toEqual([0, []]);
    const shown = execFileSync('sh', ['-c', `curl() { printf '%s\\n' "$@"; }\n${stdout}`], {
      encoding: 'utf8',
    });
    const words = shown.trimEnd().split('\n');
    expect(words.slice(0, 4)).toEqual(['-i', '--max-time', '15', `${url}?a='b'&c=$HOME`]);
    const fields = words.filter((_, i) => words[i - 1] === '-H').map((field) => field.split(': '));
    const headers = Object.fromEntries(
      fields.map(([name = '', value]) => [name.toLowerCase(), value]),
    );
    received.push({ method: 'POST', headers, body: words.at(-1) ?? '' });
    expect(verifyReceived().data).toMatchObject({ data: { taskId: `it's "$(id)"` } });
    expect(stdout).not.toContain(secret);

    const json = await runScript('webhook', [...args, '--json'], { env });
    const webhook = JSON.parse(json.stdout);
    expect(toCurl(webhook)).toContain(webhook.headers['Webhook-Signature']);
  });

  it('makes a secret, or a pair of keys, and an entry that go together', async () => {
    const people = await runScript('webhook', ['--new-secret']);
    expect(people.stdout).toMatch(/^ {2}GATEWAY_WEBHOOK_SECRET=whsec_[A-Za-z0-9+/]{43}=$/m);
    for (const kind of ['--new-secret', '--new-key-pair']) {
      const args = [kind, '--sender', 'hub', '--secret-env', 'MINE', '--json'];
      const made = JSON.parse((await runScript('webhook', args)).stdout);
      const env = { [made.variable]: made.secret };
      const [sender] = toWebhookSenders(webhookSenderEntries.parse([made.entry]), env);
      const signature = signWebhook(EXAMPLE, [made.secret]);
      const timestamp = String(EXAMPLE.timestamp);
      const message = { id: EXAMPLE.id, timestamp, signature, body: Buffer.from(EXAMPLE.body) };
      const principal = verifyWebhook(sender ? [sender] : [], message, EXAMPLE.timestamp * 1000);
      expect(principal.id).toBe('hook:hub');
      expect(JSON.stringify(made.entry)).not.toContain(made.secret);
    }
  });

  it('explains itself', async () => {
    const ran = await runScript('webhook', ['--help']);
    expect(ran).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('npm run webhook -- '),
    });
  });

  const to = ['--url', 'http://127.0.0.1:1/', '--task', 'one'];
  it.each([
    [['--task', 'one'], '--url is missing; see --help'],
    [['--url', 'http://127.0.0.1:1/'], '--task is missing; see --help'],
    [
      ['--url', 'file:///etc/hosts', '--task', 'one'],
      '--url must be an address that begins with http:// or https://, without a user name',
    ],
    [
      ['--url', 'nonsense', '--task', 'one'],
      '--url must be an address that begins with http:// or https://, without a user name',
    ],
    [
      ['--url', 'http://PLANTED@127.0.0.1/', '--task', 'one'],
      '--url must be an address that begins with http:// or https://, without a user name',
    ],
    [[...to, '--id', 'a.b'], '--id must be 1 to 128 of A-Z a-z 0-9 _ -'],
    [[...to, '--secret-env', 'A', '--secret-stdin'], 'give one of --secret-env and --secret-stdin'],
    [
      [...to, '--secret-env', EXAMPLE.secret],
      '--secret-env takes the name of a variable, never the secret itself',
    ],
    [
      ['--new-secret', '--secret-env', 'A', '--secret-env', 'B'],
      'a new secret goes into one variable',
    ],
    [['--new-secret', '--sender', 'a b'], '--sender must be 1 to 64 of A-Z a-z 0-9 _ -'],
    [[EXAMPLE.secret], 'only options are taken, with npm run after "--"; see --help'],
  ])('answers %j with one sentence and 64', async (args, sentence) => {
    const ran = await runScript('webhook', args);
    expect(ran).toEqual({ exitCode: 64, stdout: '', stderr: `${sentence}\n` });
  });

  it('answers a secret that is no good with 65, and does not repeat it', async () => {
    const ran = await runScript('webhook', to, {
      env: { GATEWAY_WEBHOOK_SECRET: 'whsec_PLANTED' },
    });
    expect(ran).toEqual({
      exitCode: 65,
      stdout: '',
      stderr: 'the secret must be standard base64, with padding, after whsec_\n',
    });
  });
});

it('the body leaves the region out where none is given', () => {
  expect(cancelTaskBody({ taskId: 'one' }, 0)).toBe(
    '{"type":"task.cancel","timestamp":"1970-01-01T00:00:00.000Z","data":{"taskId":"one"}}',
  );
});
