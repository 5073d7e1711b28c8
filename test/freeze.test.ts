import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { built } from './support/built.ts';
import { KEYS, settingsFor } from './support/gateway.ts';
import { send } from './support/http-client.ts';
import { run, startServer, type ListeningServer } from './support/processes.ts';
import {
  certificatePath,
  OK,
  reply,
  startUpstream,
  type UpstreamServer,
} from './support/upstream-server.ts';

let upstream: UpstreamServer;

/** The settings of a gateway whose DLC is `upstream`. */
async function settings(isSecure: boolean): Promise<Record<string, string>> {
  upstream = await startUpstream((response) => reply(response, OK), { secure: isSecure });
  const url = `${isSecure ? 'https' : 'http'}://127.0.0.1:${upstream.port}`;
  const more = { NODE_EXTRA_CA_CERTS: certificatePath, UPSTREAM_RATE: '20' };
  return settingsFor({ url, secretId: 'AKIDTEST', secretKey: 'key' }, more);
}

afterEach(() => upstream.close());

const headers = { 'x-api-key': KEYS.both };

describe.each([false, true])('after a freeze, over TLS: %s', (isSecure) => {
  let server: ListeningServer;
  beforeEach(async () => {
    server = await startServer(await settings(isSecure));
  });
  afterEach(() => void server.child.kill('SIGKILL'));

  let last = 0;
  /** A cancellation, and how many attempts its line in the log tells of. */
  async function cancel(): Promise<{ status: number; attempts: unknown }> {
    const id = `r-${(last += 1)}`;
    const sent = {
      method: 'DELETE',
      path: '/tasks/a',
      headers: { ...headers, 'x-request-id': id },
    };
    const { status } = await send(server.port, sent);
    const line = await server.logged(
      ({ event, requestId }) => event === 'request' && requestId === id,
    );
    return { status, attempts: line['attempts'] };
  }

  /** Stops the process once the connection to DLC is idle: it has served another request since. */
  async function freeze(): Promise<void> {
    await send(server.port, { path: '/healthz' });
    server.child.kill('SIGSTOP');
  }

  it('the first request does not fail if DLC has closed the idle connection', async () => {
    expect(await cancel()).toEqual({ status: 202, attempts: 1 });
    expect(await cancel()).toEqual({ status: 202, attempts: 1 });
    expect(upstream.sockets).toHaveLength(1);
    for (let n = 0; n < 5; n += 1) {
      await freeze();
      for (const socket of upstream.sockets) socket.destroy();
      await sleep(50);
      // The request is there when the process goes on, together with the end of the connection.
      const response = cancel();
      await sleep(50);
      server.child.kill('SIGCONT');
      expect(await response).toEqual({ status: 202, attempts: 1 });
    }
  });

  it('the first request does not hang if the idle connection has died without a trace', async () => {
    expect(await cancel()).toEqual({ status: 202, attempts: 1 });
    await freeze();
    for (const socket of upstream.sockets) socket.removeAllListeners('data').pause();
    await sleep(4100);
    const response = cancel();
    await sleep(50);
    server.child.kill('SIGCONT');
    expect(await response).toEqual({ status: 202, attempts: 1 });
    expect(upstream.sockets).toHaveLength(2);
  });
});

describe('a function, if nothing else keeps the process alive', () => {
  /** Cancels once, and gives the status and the exit code. */
  async function invoke(env: Record<string, string>): Promise<string> {
    const code = `
      const { handler } = require(process.argv[1]);
      const event = { httpMethod: 'DELETE', path: '/tasks/a', headers: ${JSON.stringify(headers)} };
      handler(event, {}).then(({ statusCode }) => process.stderr.write(String(statusCode)));`;
    const file = path.join(await built(), 'function.js');
    const fn = run(env, ['--input-type=commonjs', '--eval', code, file]);
    return `exit ${await fn.ended}, ${fn.output.stderr}`;
  }

  it('is not ended while it pauses between two attempts', async () => {
    const env = await settings(false);
    await upstream.close();
    expect(await invoke({ ...env, TASK_STATE_LOOKUP: 'off' })).toBe('exit 0, 502');
  });

  it('leaves nothing behind that does', async () => {
    expect(await invoke(await settings(false))).toBe('exit 0, 202');
  });
});
