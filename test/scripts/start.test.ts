import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { secretSigner, signToken, toClaims } from '../../scripts/callers/token-sign.ts';
import { cancelTaskBody, newWebhookSecret } from '../../scripts/callers/webhook-sign.ts';
import { makeKey } from '../../scripts/callers/make-key.ts';
import { signedHeaders } from '../../scripts/start/demo.ts';
import { startDemo, type Demo } from '../support/demo.ts';
import { freePort } from '../support/free-port.ts';
import { parseAnswers } from '../support/http-client.ts';
import { itWith, NEEDS_NODE_22, NODE_22 } from '../support/needs.ts';
import { TOOLS } from '../support/tools.ts';
import { runScript } from './run-script.ts';

/** `npm start` as a newcomer uses it: what it prints is pasted into a shell. */

const run = promisify(execFile);
const INSPECTOR = path.join(
  TOOLS,
  '@modelcontextprotocol/inspector/clients/launcher/build/index.js',
);

const SHELL_TOKEN_SECRET = 'a-token-secret-of-the-shell-of-32-bytes';
const SHELL_WEBHOOK_SECRET = newWebhookSecret();
const own = makeKey({ id: 'own', scopes: ['tasks:read'] });
const issuer = {
  id: 'local',
  issuer: 'https://issuer.example',
  audience: 'dlc-task-gateway',
  algorithms: ['HS256'],
  secret: 'env:GATEWAY_JWT_SECRET',
};

describe('npm start', () => {
  let started: Demo;
  beforeAll(async () => {
    started = await startDemo({
      // The shell's own cloud must not be touched: these would lead nowhere.
      DLC_ENDPOINT: 'https://dlc.invalid.example',
      DLC_REGION: 'eu-frankfurt',
      TENCENTCLOUD_SECRET_ID: 'AKIDOFTHESHELL',
      TENCENTCLOUD_SECRET_KEY: 'key-of-the-shell',
      EMULATOR_CANCEL_MS: '0',
      // Its own callers may call.
      GATEWAY_JWT_SECRET: SHELL_TOKEN_SECRET,
      GATEWAY_WEBHOOK_SECRET: SHELL_WEBHOOK_SECRET,
      API_KEYS: JSON.stringify([own.entry]),
      JWT_ISSUERS: JSON.stringify([issuer]),
      WEBHOOK_SENDERS: JSON.stringify([{ id: 'mine', secrets: ['env:GATEWAY_WEBHOOK_SECRET'] }]),
    });
  });
  afterAll(async () => {
    expect(await started.end('SIGTERM')).toBe(0);
  });

  /** The printed command that begins so and holds that, joined where it goes over several lines. */
  const printed = (begin: string, holds: string): string => {
    const commands = started.output().replaceAll('\\\n', '').split('\n');
    return commands.find((line) => line.startsWith(begin) && line.includes(holds)) ?? 'false';
  };
  const paste = async (command: string): Promise<string> => {
    const { stdout } = await run('/bin/sh', ['-c', command]);
    // It looks each answer up in the OpenAPI document.
    if (stdout.startsWith('HTTP/')) parseAnswers(stdout);
    return stdout;
  };

  itWith(['curl'], 'prints a line with a key, which cancels', async () => {
    const command = printed('curl -i -X DELETE', 'X-API-Key');
    const first = await paste(command);
    expect(first).toContain('202 Accepted');
    expect(first).toMatch(/"outcome":"cancel_requested","requestId":"[^"]+","upstreamRequestId"/);
    // EMULATOR_CANCEL_MS is 0 here.
    expect(await paste(command)).toContain('already_cancelled');
  });

  itWith(['curl'], 'prints lines with a token: cancel, read, and another task', async () => {
    expect(await paste(printed('curl -i -X DELETE', 'Bearer'))).toContain('202 Accepted');
    expect(await paste(printed('curl -i -H', 'Bearer'))).toContain('"state":"cancelled"');
    const other = await paste(printed('curl -i -X DELETE', 'demo-queued'));
    expect(other).toContain('403 Forbidden');
    expect(other).toContain('task-not-permitted');
  });

  itWith(['curl'], 'prints a line that makes another token', async () => {
    const token = await paste(printed('GATEWAY_JWT_SECRET=', 'npm run --silent token'));
    const url = started.find(/gateway +(\S+)/);
    const headers = { Authorization: `Bearer ${token.trim()}` };
    const deleted = await fetch(`${url}/tasks/demo-queued`, { method: 'DELETE', headers });
    expect(deleted.status).toBe(202);
  });

  itWith(['curl'], 'prints a signed webhook, which cancels', async () => {
    expect(await paste(printed('curl -i --max-time', 'Webhook-Signature'))).toContain(
      '202 Accepted',
    );
  });

  it('prints a line that signs a new webhook', async () => {
    // Until the task is cancelled, DLC says that it is busy with it, which a sender is to repeat.
    const again = `${printed('GATEWAY_WEBHOOK_SECRET=', 'npm run webhook')} || true`;
    expect(await untilContains(() => paste(again), 'already_cancelled')).toContain('200');
  });

  it('prints an entry for the client of an agent, which may call', async () => {
    const entry = JSON.parse(started.find(/^(\{"mcpServers":.*\})$/m));
    const { type, url, headers } = entry.mcpServers.dlc;
    expect(type).toBe('http');
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' });
    const fields = { ...headers, 'Content-Type': 'application/json' };
    const response = await fetch(url, { method: 'POST', headers: fields, body });
    expect(JSON.stringify(await response.json())).toContain('"cancel_tasks"');
  });

  itWith(NEEDS_NODE_22, 'prints a line for the inspector, which lists the tools', async () => {
    const command = printed('npx @modelcontextprotocol/inspector', '--cli');
    const stdout = await paste(command.replace(/^npx \S+/, `'${NODE_22}' '${INSPECTOR}'`));
    expect(stdout).toContain('"cancel_tasks"');
  });

  it('prints where the API reference is, whose page and files are all there', async () => {
    const docs = started.find(/(http\S+\/docs)/);
    const text = await (await fetch(docs)).text();
    for (const [, asset] of text.matchAll(/(?:src|href)="(\/[^"]+)"/g)) {
      expect((await fetch(new URL(asset ?? '', docs))).status).toBe(200);
    }
    expect((await fetch(new URL('/docs/none', docs))).status).toBe(404);
    expect((await fetch(docs, { method: 'POST' })).status).toBe(405);
  });

  it('names all ports that are in use, a sentence each', async () => {
    const port = started.find(/gateway +http:\/\/127\.0\.0\.1:(\d+)/);
    const playground = started.find(/Playground +http:\/\/127\.0\.0\.1:(\d+)/);
    const env = {
      PORT: port,
      EMULATOR_PORT: String(await freePort()),
      PLAYGROUND_PORT: playground,
    };
    expect(await runScript('start', [], { env })).toMatchObject({
      exitCode: 69,
      stderr:
        `Port ${port} is in use. Set PORT to another.\n` +
        `Port ${playground} is in use. Set PLAYGROUND_PORT to another.\n`,
    });
  });

  it('names the settings that it replaces, and never prints a value of the shell', () => {
    const names = 'DLC_ENDPOINT, DLC_REGION, TENCENTCLOUD_SECRET_ID, TENCENTCLOUD_SECRET_KEY';
    expect(started.output()).toContain(`Not used, because the demo sets them itself: ${names}\n`);
    expect(started.output()).not.toMatch(/AKIDOFTHESHELL|key-of-the-shell|of-the-shell/);
    expect(started.output()).not.toContain(SHELL_WEBHOOK_SECRET);
  });

  it('signs with secrets of its own, and knows the callers of the shell too', async () => {
    const url = started.find(/gateway +(\S+)/);
    const get = (headers: Record<string, string>) => fetch(`${url}/tasks/demo-failed`, { headers });
    const [, claims = ''] = started.find(/Bearer (\S+)'/).split('.');
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({
      authorization_details: [{ actions: ['cancel', 'read'] }],
    });
    const forged = await signToken(
      JSON.parse(Buffer.from(claims, 'base64url').toString()),
      secretSigner(SHELL_TOKEN_SECRET),
    );
    expect((await get({ Authorization: `Bearer ${forged}` })).status).toBe(401);
    expect((await get({ 'X-API-Key': own.key })).status).toBe(200);
    expect((await get({ 'X-API-Key': started.find(/X-API-Key: (\S+)'/) })).status).toBe(200);
    const request = { issuer: 'https://issuer.example', audience: 'dlc-task-gateway' };
    const mine = await signToken(
      toClaims({ ...request, subject: 'me', ttlSeconds: 60, tasks: ['demo-failed'] }, Date.now()),
      secretSigner(SHELL_TOKEN_SECRET),
    );
    expect((await get({ Authorization: `Bearer ${mine}` })).status).toBe(200);
    const body = cancelTaskBody({ taskId: 'demo-succeeded' }, Date.now());
    const headers = signedHeaders(body, SHELL_WEBHOOK_SECRET);
    const hook = await fetch(`${url}/webhooks/cancel-task`, { method: 'POST', headers, body });
    expect([hook.status, await hook.json()]).toMatchObject([
      200,
      { outcome: 'task_already_finished' },
    ]);
  });

  it('names what is wrong with its variables before it builds', async () => {
    const wrong = async (env: Record<string, string>): Promise<unknown> => {
      const { exitCode, stdout, stderr } = await runScript('start', [], { env });
      return [exitCode, stdout, stderr];
    };
    const ports = { PORT: '0', PLAYGROUND_PORT: '70000' };
    expect(await wrong({ ...ports, EMULATOR_PORT: String(await freePort()) })).toEqual([
      78,
      '',
      'PORT must be a port: a whole number from 1 to 65535.\n' +
        'PLAYGROUND_PORT must be a port: a whole number from 1 to 65535.\n',
    ]);
    const free = String(await freePort());
    const same = 'PORT and PLAYGROUND_PORT must not be the same port.\n';
    expect(await wrong({ PORT: free, PLAYGROUND_PORT: free })).toEqual([78, '', same]);
    const around = {
      PORT: free,
      EMULATOR_PORT: String(await freePort()),
      PLAYGROUND_PORT: String(await freePort()),
    };
    const soon = 'EMULATOR_CANCEL_MS must be an integer from 0 to 86400000.\n';
    expect(await wrong({ ...around, EMULATOR_CANCEL_MS: 'soon' })).toEqual([78, '', soon]);
  });

  it('ends with Ctrl-C, all of it', async () => {
    expect(await started.end('SIGINT')).toBe(0);
    const port = /gateway +(http:\/\/[\d.:]+)/.exec(started.output())?.[1] ?? '';
    await expect(fetch(port)).rejects.toThrow();
  });
});

describe('npm start with wrong settings of the shell', () => {
  it('ends with 78, and names all of them', async () => {
    const wrong = {
      API_KEYS: 'not JSON',
      JWT_ISSUERS: '{}',
      WEBHOOK_SENDERS: '@no-such-file.json',
      CORS_ORIGINS: 'https://a.example/path',
    };
    const ports = await Promise.all([freePort(), freePort(), freePort()]);
    const [PORT = '', EMULATOR_PORT = '', PLAYGROUND_PORT = ''] = ports.map(String);
    const env = { ...wrong, PORT, EMULATOR_PORT, PLAYGROUND_PORT };
    const { exitCode, stdout } = await runScript('start', [], { env });
    expect(exitCode).toBe(78);
    for (const name of Object.keys(wrong)) expect(stdout).toContain(`${name}: `);
  });
});

describe('npm start under npm', () => {
  it('ends with all of its processes if npm is killed', async () => {
    const started = await startDemo({}, ['npm', 'start']);
    const url = started.find(/gateway +(\S+)/);
    const emulator = started.find(/emulator +(\S+)/);
    // It resolves when no process has the pipes of its output any more.
    await started.end('SIGTERM');
    await expect(fetch(url)).rejects.toThrow();
    await expect(fetch(emulator)).rejects.toThrow();
  });
});

describe('npm start -- --no-emulator', () => {
  it('makes no demo caller, and ends with 78 where none is configured', async () => {
    const env = { PORT: String(await freePort()), DLC_REGION: 'ap-guangzhou' };
    const ran = await runScript('start', ['--no-emulator'], { env });
    expect(ran.exitCode).toBe(78);
    expect(ran.stdout).toContain('nobody can call');
  });
});

async function untilContains(ask: () => Promise<string>, wanted: string): Promise<string> {
  for (let i = 0; i < 50; i++) {
    const response = await ask();
    if (response.includes(wanted)) return response;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return 'it never did';
}
