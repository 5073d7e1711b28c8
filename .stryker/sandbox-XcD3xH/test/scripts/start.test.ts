import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { startDemo, type Demo } from '../support/demo.ts';
import { freePort } from '../support/free-port.ts';
import { parseAnswers } from '../support/http-client.ts';
import { runScript } from './run-script.ts';

/** `npm start` as a newcomer uses it: what it prints is pasted into a shell. */

const run = promisify(execFile);
const hasCurl = spawnSync('curl', ['--version']).status === 0;
const whereCurlIs = hasCurl ? it : it.skip;

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

  whereCurlIs('prints a line with a key, which cancels', async () => {
    const command = printed('curl -i -X DELETE', 'X-API-Key');
    const first = await paste(command);
    expect(first).toContain('202 Accepted');
    expect(first).toMatch(/"outcome":"cancel_requested","requestId":"[^"]+","upstreamRequestId"/);
    // EMULATOR_CANCEL_MS is 0 here.
    expect(await paste(command)).toContain('already_cancelled');
  });

  whereCurlIs('prints lines with a token for one task, which is refused for another', async () => {
    const token = printed('curl -i -X DELETE', 'Bearer');
    expect(await paste(token)).toContain('202 Accepted');
    const other = await paste(token.replace(/tasks\/\S+/, 'tasks/demo-queued'));
    expect(other).toContain('403 Forbidden');
    expect(other).toContain('task-not-permitted');
    expect(started.output()).toContain('/tasks/demo-queued\n');
  });

  whereCurlIs('prints a signed webhook, which cancels', async () => {
    expect(await paste(printed('curl -i --max-time', 'Webhook-Signature'))).toContain(
      '202 Accepted',
    );
  });

  it('prints a line that signs a new webhook', async () => {
    // Until the task is cancelled, DLC says that it is busy with it, which a sender is to repeat.
    const again = `${printed('GATEWAY_WEBHOOK_SECRET=', 'npm run webhook')} || true`;
    expect(await untilContains(() => paste(again), 'already_cancelled')).toContain('200');
  });

  it('prints where the API reference is, which asks nobody but the gateway', async () => {
    const docs = /http\S+\/docs/.exec(started.output())?.[0] ?? '';
    const page = await fetch(docs);
    const gateway = /gateway +(http:\/\/[\d.:]+)/.exec(started.output())?.[1] ?? '';
    expect(page.headers.get('content-security-policy')).toContain(`connect-src 'self' ${gateway};`);
    const text = await page.text();
    expect(text).toContain(`${gateway}/openapi.json`);
    for (const [, asset] of text.matchAll(/(?:src|href)="(\/[^"]+)"/g)) {
      expect((await fetch(new URL(asset ?? '', docs))).status).toBe(200);
    }
    const headers = { Origin: new URL(docs).origin };
    const document = await fetch(`${gateway}/openapi.json`, { headers });
    expect(document.headers.get('access-control-allow-origin')).toBe(headers.Origin);
    expect((await fetch(new URL('/docs/none', docs))).status).toBe(404);
    expect((await fetch(docs, { method: 'POST' })).status).toBe(405);
  });

  it('says so where a port is in use, in a sentence', async () => {
    const port = /gateway +http:\/\/127\.0\.0\.1:(\d+)/.exec(started.output())?.[1] ?? '';
    const ran = await runScript('start', [], { env: { PORT: port } });
    expect(ran).toMatchObject({
      exitCode: 69,
      stderr: `Port ${port} is in use. PORT names another.\n`,
    });
  });

  it('names what is wrong with its variables before it builds', async () => {
    const wrong = async (env: Record<string, string>): Promise<unknown> => {
      const { exitCode, stdout, stderr } = await runScript('start', [], { env });
      return [exitCode, stdout, stderr];
    };
    const port = 'PORT must be a port: a whole number from 1 to 65535.\n';
    expect(await wrong({ PORT: '0' })).toEqual([78, '', port]);
    const free = String(await freePort());
    const same = 'PORT and PLAYGROUND_PORT must not be the same port.\n';
    expect(await wrong({ PORT: free, PLAYGROUND_PORT: free })).toEqual([78, '', same]);
    const ports = { PORT: free, EMULATOR_PORT: String(await freePort()) };
    const around = { ...ports, PLAYGROUND_PORT: String(await freePort()) };
    const soon = 'EMULATOR_CANCEL_MS must be an integer from 0 to 86400000.\n';
    expect(await wrong({ ...around, EMULATOR_CANCEL_MS: 'soon' })).toEqual([78, '', soon]);
  });

  it('ends with Ctrl-C, all of it', async () => {
    expect(await started.end('SIGINT')).toBe(0);
    const port = /gateway +(http:\/\/[\d.:]+)/.exec(started.output())?.[1] ?? '';
    await expect(fetch(port)).rejects.toThrow();
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
    const answer = await ask();
    if (answer.includes(wanted)) return answer;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return 'it never did';
}
