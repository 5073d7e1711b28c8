import { afterEach, describe, expect, it } from '@jest/globals';

import {
  cancel,
  cancelAgainst,
  clientOf,
  CLOUD_ENV,
  closeUpstreams,
  newCaller,
  upstream,
} from '../../support/dlc-client.ts';
import { OK, reply } from '../../support/upstream-server.ts';

afterEach(closeUpstreams);

const INVALID = { outcome: 'unknown', code: 'upstream-invalid-response', again: 'once' };

describe('a redirect', () => {
  it.each([301, 302, 303, 307, 308])('%i is never followed', async (status) => {
    const elsewhere = await upstream((response) => reply(response, OK));
    for (const location of [
      `http://127.0.0.1:${elsewhere.port}/`,
      `https://127.0.0.1:${elsewhere.port}/`,
      `http://dlc.tencentcloudapi.com:${elsewhere.port}/`,
      '/again',
      'http://[',
    ]) {
      const first = await upstream((response) =>
        response.writeHead(status, { location }).end('moved'),
      );
      const dlc = clientOf(first.port, { ...CLOUD_ENV, TENCENTCLOUD_SESSIONTOKEN: 'token' });
      expect(await cancel(dlc)).toMatchObject(INVALID);
      expect(first.requests).toHaveLength(1);
    }
    expect(elsewhere.sockets).toEqual([]);
  });
});

describe('the connection', () => {
  it('that is refused has carried nothing, and was no attempt', async () => {
    const server = await upstream((response) => reply(response, OK));
    const caller = newCaller();
    const dlc = clientOf(server.port);
    const options = { region: 'ap-guangzhou', caller, signal: AbortSignal.timeout(5000) };
    await server.close();
    const answer = await dlc.call('CancelTask', {}, options);
    expect(caller.stats.attempts).toBe(0);
    expect(answer).toMatchObject({
      outcome: 'did-not-happen',
      code: 'upstream-unreachable',
      again: true,
      reason: 'ECONNREFUSED',
    });
  });

  it('that is reset may have carried the request', async () => {
    const answer = await cancelAgainst((response) => response.socket?.resetAndDestroy());
    expect(answer).toMatchObject({ outcome: 'unknown', code: 'upstream-unreachable' });
  });

  it('that is reset when it is used again may have carried the request', async () => {
    const server = await upstream((response, nth) =>
      nth === 1 ? reply(response, OK) : response.socket?.resetAndDestroy(),
    );
    const dlc = clientOf(server.port);
    expect(await cancel(dlc)).toMatchObject({ outcome: 'answered' });
    expect(await cancel(dlc)).toMatchObject({ outcome: 'unknown', code: 'upstream-unreachable' });
    expect(server.sockets).toHaveLength(1);
  });

  it('that was given up while it was made counts as made only once it is', async () => {
    const server = await upstream((response) => reply(response, OK));
    const dlc = clientOf(server.port);
    await server.close();
    const aborting = new AbortController();
    const first = cancel(dlc, aborting.signal);
    setImmediate(() => aborting.abort());
    expect(await first).toMatchObject({ outcome: 'did-not-happen' });
    expect(await cancel(dlc)).toMatchObject({ outcome: 'did-not-happen' });
  });

  it('is used again after every answer that was read to its end', async () => {
    const Error = { Code: 'InternalError', Message: 'm' };
    const bodies = [OK, { Response: { Error, RequestId: 'r' } }, {}, 'x'];
    const server = await upstream((response, nth) => reply(response, bodies[nth % 4]));
    const dlc = clientOf(server.port);
    for (let n = 0; n < 8; n += 1) await cancel(dlc);
    expect(server.sockets).toHaveLength(1);
  });

  it.each([0, 200, 40_000, 4_000_000])(
    'is used again or closed, never left, after a status 500 with %i bytes that nobody reads',
    async (size) => {
      const server = await upstream((response) => response.writeHead(500).end('x'.repeat(size)));
      const dlc = clientOf(server.port);
      for (let n = 0; n < 8; n += 1) await cancel(dlc);
      await new Promise((resolve) => setTimeout(resolve, 50));
      const alive = server.sockets.filter((socket) => !socket.destroyed);
      expect(alive.length).toBeLessThanOrEqual(1);
    },
  );

  it('is not shared by calls at once, each of which gets its own answer', async () => {
    const server = await upstream((response, nth) =>
      setTimeout(() => reply(response, { Response: { RequestId: `r-${nth}` } }), nth % 7),
    );
    const dlc = clientOf(server.port);
    const answers = await Promise.all(Array.from({ length: 100 }, () => cancel(dlc)));
    const ids = answers.map((answer) => answer.outcome === 'answered' && answer.upstreamRequestId);
    expect(new Set(ids).size).toBe(100);
  });

  it('does not go through a proxy that the environment names', async () => {
    const proxy = await upstream((response) => reply(response, OK));
    const names = ['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY'];
    for (const name of names) process.env[name] = `http://127.0.0.1:${proxy.port}`;
    try {
      const answer = await cancelAgainst((response) => reply(response, OK));
      expect(answer).toMatchObject({ outcome: 'answered' });
    } finally {
      for (const name of names) delete process.env[name];
    }
    expect(proxy.sockets).toEqual([]);
  });

  it('to a server whose certificate nobody vouches for carries nothing', async () => {
    const server = await upstream((response) => reply(response, OK), { secure: true });
    const dlc = clientOf(server.port, CLOUD_ENV, 'https');
    for (let n = 0; n < 3; n += 1) {
      expect(await cancel(dlc)).toMatchObject({
        outcome: 'did-not-happen',
        code: 'upstream-unreachable',
        reason: 'DEPTH_ZERO_SELF_SIGNED_CERT',
      });
    }
    expect(server.sockets).toHaveLength(3);
    expect(server.requests).toEqual([]);
  });

  it('to a server that does not speak TLS carries nothing', async () => {
    const server = await upstream((response) => reply(response, OK));
    const answer = await cancel(clientOf(server.port, CLOUD_ENV, 'https'));
    expect(answer).toMatchObject({ outcome: 'did-not-happen', code: 'upstream-unreachable' });
    expect(server.requests).toEqual([]);
  });
});
