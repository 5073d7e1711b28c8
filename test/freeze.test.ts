import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

import { expectDocumented } from './support/documented.ts';
import { certificatePath, OK, reply, startUpstream } from './support/upstream-server.ts';
import type { UpstreamServer } from './support/upstream-server.ts';
import { until } from './support/until.ts';

const KEY = 'api-key-of-the-freeze-test';
const ROOT = new URL('..', import.meta.url).pathname;
const env = {
  PATH: process.env['PATH'],
  TENCENTCLOUD_SECRETID: 'AKIDTEST',
  TENCENTCLOUD_SECRETKEY: 'key',
  DLC_REGION: 'ap-guangzhou',
  API_KEYS: JSON.stringify([
    {
      id: 'a',
      sha256: createHash('sha256').update(KEY).digest('hex'),
      scopes: ['tasks:cancel'],
    },
  ]),
};

let upstream: UpstreamServer;
let child: ChildProcess | undefined;

async function listen(secure: boolean): Promise<string> {
  upstream = await startUpstream((response) => reply(response, OK), { secure });
  return `${secure ? 'https' : 'http'}://127.0.0.1:${upstream.port}`;
}

afterEach(async () => {
  child?.kill('SIGKILL');
  await upstream.close();
});

/** The server as a process of its own, which can be frozen. */
class Server {
  readonly #process: ChildProcess;
  #port = 0;
  readonly lines: Record<string, unknown>[] = [];

  constructor(endpoint: string) {
    const args = ['--import', 'tsx', 'src/server.ts'];
    const settings = { DLC_ENDPOINT: endpoint, PORT: '0', HOST: '127.0.0.1' };
    const trust = { NODE_EXTRA_CA_CERTS: certificatePath };
    this.#process = child = spawn(process.execPath, args, {
      cwd: ROOT,
      env: { ...env, ...settings, ...trust },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  }

  async ready(): Promise<this> {
    let rest = '';
    this.#process.stdout?.on('data', (chunk: Buffer) => {
      const parts = `${rest}${chunk.toString()}`.split('\n');
      rest = parts.pop() ?? '';
      for (const part of parts) this.lines.push(JSON.parse(part));
    });
    const { port } = await until(() => this.lines.find(({ event }) => event === 'listening'));
    this.#port = Number(port);
    return this;
  }

  freeze(): void {
    this.#process.kill('SIGSTOP');
  }

  thaw(): void {
    this.#process.kill('SIGCONT');
  }

  /** A cancellation, and how many attempts its line in the log tells of. */
  async cancel(): Promise<{ status: number; attempts: unknown }> {
    const requestId = `r-${this.lines.length}-${Math.random().toString(36).slice(2)}`;
    const headers = { 'x-api-key': KEY, 'x-request-id': requestId, connection: 'close' };
    const url = `http://127.0.0.1:${this.#port}/tasks/a`;
    const response = await fetch(url, { method: 'DELETE', headers });
    const { status } = response;
    const text = await response.text();
    const received = { status, headers: Object.fromEntries(response.headers), text };
    expectDocumented(received, { method: 'DELETE', target: '/tasks/a' });
    const isIts = (line: Record<string, unknown>): boolean =>
      line['event'] === 'request' && line['requestId'] === requestId;
    const line = await until(() => this.lines.find(isIts));
    return { status, attempts: line['attempts'] };
  }
}

describe.each([false, true])('after a freeze, over TLS: %s', (secure) => {
  let server: Server;

  beforeEach(async () => {
    server = await new Server(await listen(secure)).ready();
  });

  it('the first request does not fail where DLC has closed the idle connection', async () => {
    expect(await server.cancel()).toEqual({ status: 202, attempts: 1 });
    expect(await server.cancel()).toEqual({ status: 202, attempts: 1 });
    expect(upstream.sockets).toHaveLength(1);
    for (let n = 0; n < 5; n += 1) {
      server.freeze();
      for (const socket of upstream.sockets) socket.destroy();
      await sleep(50);
      // It is already there when the process goes on, together with the end of the connection.
      const answer = server.cancel();
      await sleep(50);
      server.thaw();
      expect(await answer).toEqual({ status: 202, attempts: 1 });
    }
  });

  it('the first request does not hang where the idle connection has died without a trace', async () => {
    expect(await server.cancel()).toEqual({ status: 202, attempts: 1 });
    server.freeze();
    for (const socket of upstream.sockets) socket.removeAllListeners('data').pause();
    await sleep(4100);
    const answer = server.cancel();
    await sleep(50);
    server.thaw();
    expect(await answer).toEqual({ status: 202, attempts: 1 });
    expect(upstream.sockets).toHaveLength(2);
  });
});

async function invoke(endpoint: string): Promise<string> {
  const code = `
    const { handler } = await import('./src/function.ts');
    const event = { httpMethod: 'DELETE', path: '/tasks/a', headers: { 'x-api-key': '${KEY}' } };
    const { statusCode } = await handler(event, {});
    process.stderr.write(String(statusCode));
  `;
  const args = ['--import', 'tsx', '--input-type=module', '-e', code];
  const settings = { DLC_ENDPOINT: endpoint, TASK_STATE_LOOKUP: 'off', MAX_ATTEMPTS: '3' };
  child = spawn(process.execPath, args, { cwd: ROOT, env: { ...env, ...settings } });
  let told = '';
  child.stderr?.on('data', (chunk: Buffer) => (told += chunk.toString()));
  const [exitCode] = await once(child, 'close');
  return `${told}, exit ${exitCode}`;
}

describe('a function, where nothing else keeps the process alive', () => {
  it('is not ended while it pauses between two attempts', async () => {
    const endpoint = await listen(false);
    await upstream.close();
    expect(await invoke(endpoint)).toBe('502, exit 0');
  });

  it('leaves nothing behind that does', async () => {
    expect(await invoke(await listen(false))).toBe('202, exit 0');
  });
});
