import { afterEach, describe, expect, it } from '@jest/globals';
import net from 'node:net';
import { gzipSync } from 'node:zlib';

import {
  cancel,
  cancelAgainst,
  clientOf,
  CLOUD_ENV,
  closeLater,
  closeUpstreams,
  newCaller,
  upstream,
} from '../../support/dlc-client.ts';
import { OK, reply } from '../../support/upstream-server.ts';
import { until } from '../../support/until.ts';

afterEach(closeUpstreams);

const INVALID = { outcome: 'unknown', code: 'upstream-invalid-response', again: 'once' };

const error = (members: object): string =>
  JSON.stringify({ Response: { Error: members, RequestId: 'r' } });

describe('an answer that says nothing reliable', () => {
  const long = 'x'.repeat(40_000);
  it.each([
    ['', 'empty'],
    ['<html></html>', 'HTML'],
    ['{}', 'an empty object'],
    ['null', 'null'],
    ['[]', 'an array'],
    ['"x"', 'a text'],
    ['{"Response":"x"}', 'a text in Response'],
    ['{"Response":null}', 'null in Response'],
    ['{"Response":[]}', 'an array in Response'],
    ['{"Response":{}}', 'no RequestId'],
    ['{"Response":{"RequestId":7}}', 'a number as RequestId'],
    ['{"Response":{"RequestId":""}}', 'an empty RequestId'],
    ['{"Response":{"RequestId":"r","Error":null}}', 'null as Error'],
    ['{"Response":{"RequestId":"r","Error":"x"}}', 'a text as Error'],
    ['{"Response":{"RequestId":7,"Error":{"Code":"InternalError","Message":"m"}}}', 'Error, no id'],
    [error({}), 'an empty Error'],
    [error({ Message: 'm' }), 'an Error without Code'],
    [error({ Code: '' }), 'an Error with an empty Code'],
    [error({ Code: 7 }), 'an Error with a number as Code'],
    [error({ Code: { x: 1 } }), 'an Error with an object as Code'],
    ['\uFEFF{"Response":{"RequestId":"r"}}', 'a byte order mark'],
    [`{"Response":{"RequestId":"r"}}${long}`, 'something after the JSON'],
  ])('is none: %#', async (body) => {
    expect(await cancelAgainst((response) => reply(response, body))).toMatchObject(INVALID);
  });

  it('is a stream of events', async () => {
    const answer = await cancelAgainst((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end('data: {}\n\n');
    });
    expect(answer).toMatchObject(INVALID);
  });

  it('is a compressed one, which nobody asked for and which might be a bomb', async () => {
    const bomb = gzipSync(JSON.stringify({ Response: { RequestId: 'r', Filler: long } }));
    const answer = await cancelAgainst((response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb),
    );
    expect(answer).toMatchObject(INVALID);
  });

  it.each(['content-length', 'transfer-encoding'])('is one cut short, by %s', async (header) => {
    const value = header === 'content-length' ? '100' : 'chunked';
    const answer = await cancelAgainst((response) => {
      response.writeHead(200, { [header]: value });
      response.write('{"Response":', () => response.socket?.destroySoon());
    });
    expect(answer).toMatchObject(INVALID);
  });

  it.each([true, false])('is one over 1 MiB, announced: %s', async (isAnnounced) => {
    const body = JSON.stringify({ Response: { RequestId: 'r', Filler: 'x'.repeat(2 ** 20) } });
    const answer = await cancelAgainst((response) => {
      if (isAnnounced) response.setHeader('content-length', body.length);
      response.write(body, () => undefined);
      response.end();
    });
    expect(answer).toMatchObject({ ...INVALID, reason: 'response too large' });
  });

  it('is no HTTP at all', async () => {
    const server = net.createServer((socket) => {
      socket.once('data', () => socket.end('SSH-2.0-x\r\n'));
    });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    closeLater({ close: () => new Promise((resolve) => void server.close(() => resolve())) });
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    expect(await cancel(clientOf(port))).toMatchObject(INVALID);
  });
});

describe('an answer of DLC', () => {
  it('is taken with 1 MiB less a little', async () => {
    const Filler = 'x'.repeat(2 ** 20 - 100);
    const body = { Response: { RequestId: 'r', Filler } };
    const answer = await cancelAgainst((response) => reply(response, body));
    expect(answer).toMatchObject({ outcome: 'answered', upstreamRequestId: 'r' });
  });

  it('is printable whatever upstream sends', async () => {
    const Error = { Code: 'Internal\r\nError', Message: 'said no' };
    const answer = await cancelAgainst((response) =>
      reply(response, { Response: { Error, RequestId: 'r\u0000\u00e9' } }),
    );
    expect(answer).toMatchObject({ upstreamCode: 'Internal??Error', upstreamRequestId: 'r??' });
  });

  it.each([
    [429, 'did-not-happen', 'upstream-rate-limited', true],
    [502, 'unknown', 'upstream-unreachable', true],
    [503, 'unknown', 'upstream-unavailable', true],
    [504, 'unknown', 'upstream-timeout', true],
    [500, 'unknown', 'upstream-invalid-response', 'once'],
    [404, 'unknown', 'upstream-invalid-response', 'once'],
    [204, 'unknown', 'upstream-invalid-response', 'once'],
    [302, 'unknown', 'upstream-invalid-response', 'once'],
  ])('HTTP %i is %s, %s', async (status, outcome, code, again) => {
    const answer = await cancelAgainst((response) => response.writeHead(status).end());
    expect(answer).toMatchObject({ outcome, code, again });
  });

  it('is not waited for beyond the signal, before its head or in its body', async () => {
    for (const begin of [false, true]) {
      const answer = await upstream((response) => begin && response.flushHeaders());
      const aborting = new AbortController();
      const call = cancel(clientOf(answer.port), aborting.signal);
      await until(() => answer.requests.length > 0);
      setTimeout(() => aborting.abort(), 20);
      expect(await call).toMatchObject({ outcome: 'unknown', code: 'upstream-timeout' });
    }
  });

  it('is not asked for where the time is already up', async () => {
    const server = await upstream((response) => reply(response, OK));
    const answer = await cancel(clientOf(server.port), AbortSignal.abort());
    expect(answer).toMatchObject({ outcome: 'did-not-happen', code: 'upstream-timeout' });
    expect(server.sockets).toEqual([]);
  });
});

describe('the credentials', () => {
  it('are read at every call', async () => {
    const server = await upstream((response) => reply(response, OK));
    const env: Record<string, string> = { ...CLOUD_ENV };
    const dlc = clientOf(server.port, env);
    await cancel(dlc);
    Object.assign(env, { TENCENTCLOUD_SECRETID: 'AKIDNEXT', TENCENTCLOUD_SESSIONTOKEN: 'token' });
    await cancel(dlc);
    const [first, second] = server.requests.map(({ headers }) => headers);
    expect(first?.['authorization']).toContain('Credential=AKIDTEST/');
    expect(first).not.toHaveProperty('x-tc-token');
    expect(second?.['authorization']).toContain('Credential=AKIDNEXT/');
    expect(second?.['x-tc-token']).toBe('token');
    delete env['TENCENTCLOUD_SECRETKEY'];
    expect(await cancel(dlc)).toMatchObject({
      outcome: 'did-not-happen',
      code: 'gateway-misconfigured',
    });
    expect(server.requests).toHaveLength(2);
  });

  it.each([
    ['TENCENTCLOUD_SECRETID', 'AKID\nSECRET'],
    ['TENCENTCLOUD_SECRETID', 'AKIDé-SECRET'],
    ['TENCENTCLOUD_SESSIONTOKEN', 'SECRET\r\nX-Evil: 1'],
    ['TENCENTCLOUD_SESSIONTOKEN', '\u0000SECRET'],
  ])('in %s that no header field can have are in no reason', async (name, value) => {
    const server = await upstream((response) => reply(response, OK));
    const answer = await cancel(clientOf(server.port, { ...CLOUD_ENV, [name]: value }));
    expect(answer).toMatchObject({ outcome: 'did-not-happen', code: 'gateway-misconfigured' });
    expect(JSON.stringify(answer)).not.toContain('SECRET');
    expect(server.sockets).toEqual([]);
  });
});

describe('a request', () => {
  it('carries the region, the version, the trace id where there is one, and asks for no compression', async () => {
    const server = await upstream((response) => reply(response, OK));
    const dlc = clientOf(server.port);
    const signal = AbortSignal.timeout(5000);
    const options = { region: 'ap-singapore', signal, caller: newCaller('trace-1') };
    await dlc.call('CancelTask', { TaskId: 'a' }, options);
    expect(server.requests[0]).toMatchObject({
      body: '{"TaskId":"a"}',
      headers: {
        host: 'dlc.tencentcloudapi.com',
        'x-tc-action': 'CancelTask',
        'x-tc-region': 'ap-singapore',
        'x-tc-version': '2021-01-25',
        'x-tc-traceid': 'trace-1',
        'accept-encoding': 'identity',
        connection: 'keep-alive',
      },
    });
  });

  it('that the SDK refuses to send has not happened, and its words are not passed on', async () => {
    const server = await upstream((response) => reply(response, OK));
    const options = {
      region: 'ap-x',
      signal: AbortSignal.timeout(5000),
      caller: newCaller('a\nSECRET'),
    };
    const answer = await clientOf(server.port).call('CancelTask', {}, options);
    expect(answer).toMatchObject({ outcome: 'did-not-happen', code: 'gateway-misconfigured' });
    expect(JSON.stringify(answer)).not.toContain('SECRET');
  });
});
