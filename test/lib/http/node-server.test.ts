import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { getEventListeners, once } from 'node:events';
import http from 'node:http';

import { startEmulator, type Emulator } from '../../../emulator/emulator.ts';
import type { App } from '../../../src/app.ts';
import { createHttpServer, drain } from '../../../src/lib/http/node-server.ts';
import { Problem } from '../../../src/lib/problems.ts';
import { expectAlwaysHeaders, expectProblem } from '../../support/gateway.ts';
import {
  connectRaw,
  exchangeRaw,
  parseAnswers,
  portOf,
  send,
  type RawAnswer,
  type RawConnection,
} from '../../support/http-client.ts';
import { ALL_OPERATIONS } from '../../support/every-operation.ts';
import { startInProcess, type InProcessGateway } from '../../support/in-process.ts';
import { until } from '../../support/until.ts';

const KEY = 'the-api-key-of-caller-0';
const MB = 1024 * 1024;
const LONGER_THAN_A_TEST_MS = 600_000;

let emulator: Emulator;
const servers: http.Server[] = [];

beforeAll(async () => {
  emulator = await startEmulator({ cancelMs: 0, rate: 100_000 });
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => drain(server, 0)));
  await emulator.reset();
});
afterAll(async () => emulator.close());

type Timeouts = Parameters<typeof createHttpServer>[1];

interface Started extends InProcessGateway {
  readonly server: http.Server;
  readonly port: number;
  /** The log's access lines. */
  readonly accessLines: () => Record<string, unknown>[];
}

async function start(
  options: {
    timeouts?: Timeouts;
    env?: Record<string, string>;
    wrap?: (gateway: App) => App;
  } = {},
): Promise<Started> {
  const { timeouts = {}, env = {}, wrap = (gateway: App) => gateway } = options;
  const made = startInProcess({ port: emulator.port, env });
  const server = createHttpServer(wrap(made.gateway), { lingerMs: 50, ...timeouts });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = portOf(server);
  const accessLines = (): Record<string, unknown>[] =>
    made.lines.filter(({ event }) => event === 'request');
  return { ...made, server, port, accessLines };
}

/** A gateway whose requests wait until they are let through. */
function gated(): { wrap: (gateway: App) => App; open: () => void; arrived: () => number } {
  let open = (): void => undefined;
  let arrived = 0;
  const gate = new Promise<void>((resolve) => (open = resolve));
  return {
    open: () => open(),
    arrived: () => arrived,
    wrap: (gateway) => ({
      async serve(request) {
        arrived += 1;
        if (!request.refusal) await gate;
        return gateway.serve(request);
      },
    }),
  };
}

/** A gateway that needs the body of every request, and answers with it. */
const reading =
  (isAuthenticated = false) =>
  (gateway: App): App => ({
    async serve(request) {
      try {
        if (request.refusal) throw request.refusal;
        const body = await request.readBody(100, isAuthenticated);
        return {
          status: 200,
          headers: { 'Content-Type': 'text/plain' },
          body: `read ${body.toString()}`,
        };
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        return gateway.serve({ ...request, refusal: error });
      }
    },
  });

const only = (responses: RawAnswer[]): RawAnswer => {
  expect(responses).toHaveLength(1);
  const [response] = responses;
  if (!response) throw new Error('no answer');
  return response;
};

const GET = (path: string, ...fields: string[]): string =>
  [`GET ${path} HTTP/1.1`, 'Host: x', ...fields, '', ''].join('\r\n');

describe('a connection', () => {
  it('is kept for the next request, whatever the answer was', async () => {
    const { port } = await start();
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const statuses: number[] = [];
    const sockets = new Set<unknown>();
    const track = agent.createConnection.bind(agent);
    agent.createConnection = (...args) => {
      const socket = track(...args);
      sockets.add(socket);
      return socket;
    };
    for (const [method, path] of [
      ['GET', '/healthz'],
      ['HEAD', '/healthz'],
      ['GET', '/nowhere'],
      ['POST', '/healthz'],
      ['GET', '/tasks/a'],
      ['OPTIONS', '/tasks/a'],
      ['DELETE', '/tasks/a'],
    ] as const) {
      statuses.push((await send(port, { method, path, agent })).status);
    }
    agent.destroy();
    expect(statuses).toEqual([200, 200, 404, 405, 401, 204, 401]);
    expect(sockets.size).toBe(1);
  });

  it('is kept after a body that was read, and after one that nobody asked for', async () => {
    const { port } = await start();
    const raw = await connectRaw(port);
    for (const path of ['/tasks/a', '/nowhere']) {
      raw.write(`DELETE ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello`);
    }
    raw.write(
      'POST /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n',
    );
    raw.write(GET('/healthz'));
    const responses = parseAnswers(await raw.until(/"status":"ok"}/));
    expect(responses.map(({ status }) => status)).toEqual([401, 404, 405, 200]);
    raw.socket.destroy();
  });

  it('is closed when the caller asks for it, and HTTP/1.0 needs no Host', async () => {
    const { port } = await start();
    const response = only(await exchangeRaw(port, 'GET /healthz HTTP/1.0\r\n\r\n'));
    expect(response.status).toBe(200);
    expect(only(await exchangeRaw(port, GET('/healthz', 'Connection: close'))).status).toBe(200);
  });

  it('serves fields with any name, also on a Node whose `headersDistinct` throws (CVE-2026-21710)', async () => {
    // What the property's getter calls, which cannot be replaced itself.
    const getter: { _addHeaderLineDistinct?: () => void } = Object(http.IncomingMessage.prototype);
    const unpatched = jest.spyOn(getter, '_addHeaderLineDistinct');
    unpatched.mockImplementation(() => {
      throw new TypeError('dest[field].push is not a function');
    });
    const { port } = await start();
    const fields = ['__proto__: x', '__proto__: y', 'constructor: z', 'Connection: close'];
    expect(only(await exchangeRaw(port, GET('/healthz', ...fields))).status).toBe(200);
    const connect = 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n__proto__: x\r\n\r\n';
    expect(only(await exchangeRaw(port, connect)).status).toBe(404);
    unpatched.mockRestore();
  });

  it('serves pipelined requests in their order', async () => {
    const { port } = await start();
    const requests = ['/healthz', '/nowhere', '/tasks/a', '/healthz'].map((path) => GET(path));
    const raw = await connectRaw(port);
    raw.write(requests.join(''));
    await until(() => parseAnswersOrNone(raw).length === 4);
    const responses = parseAnswers(raw.received());
    expect(responses.map(({ status }) => status)).toEqual([200, 404, 401, 200]);
    raw.socket.destroy();
  });

  function parseAnswersOrNone(raw: RawConnection): RawAnswer[] {
    try {
      return parseAnswers(raw.received());
    } catch {
      return [];
    }
  }
});

describe('HEAD', () => {
  it.each([
    '/healthz',
    '/nowhere',
    '/tasks/a',
    '/tasks/a%20b',
    '/tasks/a?regoin=x',
    '/webhooks/cancel-task',
  ])('of %s has the header fields of GET, and no body', async (path) => {
    const { port } = await start();
    const headers = { 'x-api-key': KEY, 'x-request-id': 'same' };
    emulator.addTasks({ id: 'a', state: 'succeeded' });
    const get = await send(port, { path, headers });
    const head = await send(port, { method: 'HEAD', path, headers });
    const { date: _, ...fields } = get.headers;
    const { date: __, ...mirrored } = head.headers;
    // DLC's own id of each of the two calls.
    if (fields['x-tc-request-id']) mirrored['x-tc-request-id'] = fields['x-tc-request-id'];
    expect(head.status).toBe(get.status);
    expect(mirrored).toEqual(fields);
    expect(Number(head.headers['content-length'])).toBe(Buffer.byteLength(get.text));
    expect(head.text).toBe('');
  });

  it('of an answer to a body that is too large arrives at once, without one', async () => {
    const { port } = await start({ timeouts: { lingerMs: LONGER_THAN_A_TEST_MS } });
    const raw = await connectRaw(port);
    raw.write(`HEAD /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: ${MB}\r\n\r\n`);
    expect(await raw.until(/\r\n\r\n/)).toMatch(/^HTTP\/1\.1 413 /);
    raw.socket.destroy();
  });
});

describe('an answer', () => {
  it('of 204 has no Content-Length and no body', async () => {
    const { port } = await start();
    const response = await send(port, { method: 'OPTIONS', path: '/healthz' });
    expect(response.status).toBe(204);
    expect(response.headers).not.toHaveProperty('content-length');
    expect(response.headers).not.toHaveProperty('transfer-encoding');
    expect(response.headers.allow).toBe('GET, HEAD, OPTIONS');
    expect(response.text).toBe('');
    expectAlwaysHeaders(response.headers);
  });

  it('has one value for each name', async () => {
    const { port } = await start({ env: { CORS_ORIGINS: 'https://app.example.org' } });
    const { rawHeaders } = await send(port, {
      path: '/tasks/a',
      headers: { Origin: 'https://app.example.org' },
    });
    const names = rawHeaders.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase());
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('the target of a request', () => {
  it.each([
    ['http://any.example/healthz', 200],
    ['HTTPS://any.example:8443/healthz', 200],
    ['http://any.example/healthz?x=1', 200],
    ['http://any.example/nowhere', 404],
    ['http://any.example', 404],
    ['http://any.example?x', 404],
    ['*', 404],
    ['/healthz?', 200],
    ['/healthz?a=%E0%A4%A', 200],
    ['/healthz#x', 404],
    ['//healthz', 404],
    ['/%68ealthz', 404],
  ])('%s is answered with %i', async (target, status) => {
    const { port } = await start();
    expect(only(await exchangeRaw(port, GET(target, 'Connection: close'))).status).toBe(status);
  });

  it('may be in absolute form where a task is cancelled', async () => {
    const { port } = await start();
    emulator.addTasks({ id: 'a', state: 'running' });
    const target = 'http://any.example/tasks/a?region=ap-singapore';
    const text = `DELETE ${target} HTTP/1.1\r\nHost: x\r\nX-API-Key: ${KEY}\r\nConnection: close\r\n\r\n`;
    expect(only(await exchangeRaw(port, text))).toMatchObject({
      status: 202,
      body: { taskId: 'a', region: 'ap-singapore' },
    });
  });

  it('is not region-checked by its bytes: a plus is a space, and UTF-8 that is broken is no region', async () => {
    const { port } = await start();
    for (const query of ['region=ap+guangzhou', 'region=%E0%A4%A', 'region', '=', '&x']) {
      const { status } = await send(port, {
        path: `/tasks/a?${query}`,
        headers: { 'x-api-key': KEY },
      });
      expect(status).toBe(400);
    }
  });
});

describe('a request that HTTP itself forbids', () => {
  it('without Host gets a problem, with the id that it came with', async () => {
    const { port, accessLines } = await start();
    const text = `DELETE /tasks/a HTTP/1.1\r\nX-Request-Id: mine\r\nX-API-Key: ${KEY}\r\nConnection: close\r\n\r\n`;
    const response = only(await exchangeRaw(port, text));
    expectProblem(response, 400, 'invalid-request');
    expect(response.headers['x-request-id']).toBe('mine');
    expect(accessLines()).toMatchObject([{ method: 'DELETE', status: 400, requestId: 'mine' }]);
    expect(emulator.requests()).toEqual([]);
  });

  it('with two values where one can be meant gets a problem, however many fields hide the second', async () => {
    const { port } = await start();
    emulator.addTasks({ id: 'a', state: 'running' });
    const noise = 'a:\r\n'.repeat(2500);
    for (const [first, second] of [
      ['Host: x', 'host: y'],
      [`X-API-Key: ${KEY}`, `x-api-key: ${KEY}`],
      ['Authorization: Bearer a', 'authorization: Bearer b'],
      ['Content-Type: a/b', 'CONTENT-TYPE: a/b'],
      ['Prefer: wait=1', 'prefer: wait=2'],
      ['Webhook-Id: 1', 'webhook-id: 2'],
    ]) {
      const host = first?.startsWith('Host') ? '' : 'Host: x\r\n';
      const key = /X-API|Auth|Webhook/.test(first ?? '') ? '' : `X-API-Key: ${KEY}\r\n`;
      const text = `DELETE /tasks/a HTTP/1.1\r\n${host}${key}${first}\r\n${noise}${second}\r\nConnection: close\r\n\r\n`;
      const response = only(await exchangeRaw(port, text));
      const { errors } = expectProblem(response, 400, 'invalid-request');
      expect(errors).toMatchObject([{ in: 'header', name: first?.split(':')[0]?.toLowerCase() }]);
    }
    expect(emulator.requests()).toEqual([]);
  });

  it.each([
    ['garbage', 'garbage\r\n\r\n'],
    ['TLS', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003'],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['an unknown method', 'BREW /healthz HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['a method in lower case', 'delete /tasks/a HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['a space in a name', GET('/healthz', 'X-API-Key : k')],
    ['a line that is folded', GET('/healthz', 'X-A: b', ' c')],
    ['a bare CR', GET('/healthz', 'X-A: b\rX-API-Key: k')],
    ['two lengths', GET('/healthz', 'Content-Length: 1', 'Content-Length: 2')],
    ['a length that is none', GET('/healthz', 'Content-Length: -1')],
    ['a length and chunks', GET('/healthz', 'Content-Length: 5', 'Transfer-Encoding: chunked')],
    ['a space in the target', 'GET /tasks/a b HTTP/1.1\r\nHost: x\r\n\r\n'],
  ])('%s gets a problem, and the connection ends', async (_, text) => {
    const { port, accessLines, lines } = await start();
    const response = only(await exchangeRaw(port, text));
    expectProblem(response, 400, 'invalid-request');
    expect(response.headers['connection']).toBe('close');
    expect(accessLines()).toMatchObject([{ status: 400, code: 'invalid-request', level: 'info' }]);
    expect(lines.filter(({ event }) => event === 'crash')).toEqual([]);
  });

  it('is answered once, however much else arrives', async () => {
    const { port, accessLines } = await start();
    const raw = await connectRaw(port);
    raw.write('garbage\r\n\r\n');
    await raw.until(/"code":"invalid-request"/);
    raw.write('more garbage\r\n\r\n');
    raw.write(GET('/healthz'));
    expectProblem(only(parseAnswers(await raw.closed())), 400, 'invalid-request');
    expect(accessLines()).toHaveLength(1);
  });

  it('behind one in flight is answered in its turn', async () => {
    const gate = gated();
    const { port } = await start({ wrap: gate.wrap });
    const raw = await connectRaw(port);
    raw.write(`${GET('/healthz')}${GET('/nowhere')}garbage\r\n\r\n`);
    await until(() => gate.arrived() === 1);
    expect(raw.received()).toBe('');
    gate.open();
    const responses = parseAnswers(await raw.closed());
    expect(responses.map(({ status }) => status)).toEqual([200, 404, 400]);
  });

  it('in its body is answered like any other, and the task is left alone', async () => {
    const { port, accessLines } = await start();
    emulator.addTasks({ id: 'a', state: 'running' });
    const head = `DELETE /tasks/a HTTP/1.1\r\nHost: x\r\nX-Request-Id: mine\r\nX-API-Key: ${KEY}\r\nTransfer-Encoding: chunked\r\n\r\n`;
    for (const body of ['zz\r\n', '1\r\na\r\nzz\r\n']) {
      const response = only(await exchangeRaw(port, `${head}${body}`));
      expectProblem(response, 400, 'invalid-request');
      expect(response.headers['x-request-id']).toBe('mine');
    }
    expect(accessLines()).toMatchObject([
      { method: 'DELETE', status: 400 },
      { method: 'DELETE', status: 400 },
    ]);
    expect(emulator.requests()).toEqual([]);
  });

  it('in a body that is being read is answered, and the connection ends', async () => {
    const { port } = await start({ wrap: reading() });
    const raw = await connectRaw(port);
    raw.write(
      'POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n',
    );
    await raw.until(/100 Continue\r\n\r\n/);
    raw.write('1\r\na\r\nzz\r\n');
    const response = parseAnswers(await raw.closed()).at(-1);
    if (!response) throw new Error('no answer');
    expectProblem(response, 400, 'invalid-request');
  });

  it('in a body that nobody reads ends the connection, after the response', async () => {
    const { port } = await start();
    const raw = await connectRaw(port);
    raw.write('DELETE /tasks/a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n');
    await raw.until(/"unauthenticated"/);
    raw.write('zz\r\n');
    expectProblem(only(parseAnswers(await raw.closed())), 401, 'unauthenticated');
  });

  it.each([
    ['on HTTP/1.0', '1.0', 'chunked'],
    ['of an unknown coding', '1.1', 'cow, chunked'],
    ['of a coding that Node does not undo', '1.1', 'gzip, chunked'],
    ['twice', '1.1', 'chunked\r\nTransfer-Encoding: chunked'],
  ])(
    'by Transfer-Encoding %s is refused, and what follows is not read',
    async (_, version, coding) => {
      const { port, accessLines } = await start();
      emulator.addTasks({ id: 'a', state: 'running' });
      const lines = [
        `DELETE /tasks/a HTTP/${version}`,
        'Host: x',
        `X-API-Key: ${KEY}`,
        'Connection: keep-alive',
        `Transfer-Encoding: ${coding}`,
      ];
      const text = `${lines.join('\r\n')}\r\n\r\n0\r\n\r\n${GET('/healthz')}`;
      const response = only(await exchangeRaw(port, text));
      expectProblem(response, 400, 'invalid-request');
      expect(response.headers['connection']).toBe('close');
      expect(accessLines()).toHaveLength(1);
      expect(emulator.requests()).toEqual([]);
    },
  );

  it('such as CONNECT gets a problem, and a caller that goes away at once harms nobody', async () => {
    const { port } = await start();
    const connect =
      'CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\nX-Request-Id: mine\r\n\r\n';
    const response = only(await exchangeRaw(port, connect));
    expectProblem(response, 404, 'route-not-found');
    expect(response.headers).toMatchObject({ 'x-request-id': 'mine', connection: 'close' });
    for (let i = 0; i < 20; i += 1) {
      const raw = await connectRaw(port);
      raw.write(connect);
      raw.socket.resetAndDestroy();
    }
    expect((await send(port, { path: '/healthz' })).status).toBe(200);
  });

  it('such as CONNECT waits for its turn', async () => {
    const gate = gated();
    const { port } = await start({ wrap: gate.wrap });
    const raw = await connectRaw(port);
    raw.write(`${GET('/healthz')}CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n`);
    await until(() => gate.arrived() === 1);
    gate.open();
    const responses = parseAnswers(await raw.closed());
    expect(responses.map(({ status }) => status)).toEqual([200, 404]);
  });
});

describe('what HTTP allows and nobody needs', () => {
  it('an upgrade is not taken up', async () => {
    const { port } = await start();
    const fields = [
      'Connection: Upgrade, close',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
    ];
    expect(only(await exchangeRaw(port, GET('/healthz', ...fields))).status).toBe(200);
    const h2c = [
      'Connection: Upgrade, HTTP2-Settings, close',
      'Upgrade: h2c',
      'HTTP2-Settings: AAMAAABk',
    ];
    expect(only(await exchangeRaw(port, GET('/healthz', ...h2c))).status).toBe(200);
  });

  it('an expectation that is not known is not met', async () => {
    const { port } = await start();
    const response = only(
      await exchangeRaw(port, GET('/healthz', 'Expect: 200-ok', 'Connection: close')),
    );
    expect(response.status).toBe(200);
  });

  const deleting = (path: string, length: number): string =>
    `DELETE ${path} HTTP/1.1\r\nHost: x\r\nX-API-Key: ${KEY}\r\nExpect: 100-continue\r\nContent-Length: ${length}\r\n\r\n`;

  it('100-continue invites a body that will be read', async () => {
    const { port } = await start({ wrap: reading() });
    const raw = await connectRaw(port);
    raw.write(deleting('/tasks/a', 5));
    expect(await raw.until(/\r\n\r\n/)).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    raw.write('hello');
    await raw.until(/read hello$/);
    raw.socket.destroy();
  });

  it('HTTP/1.0 has no invitation, and its body is read (RFC 9110, 10.1.1)', async () => {
    const { port } = await start({ wrap: reading() });
    const raw = await connectRaw(port);
    raw.write(`${deleting('/tasks/a', 5).replace('HTTP/1.1', 'HTTP/1.0')}hello`);
    expect(await raw.until(/read hello$/)).not.toContain('100 Continue');
    raw.socket.destroy();
  });

  it.each([
    ['/tasks/a', MB, 413],
    ['/tasks/a', 5, 404],
    ['/nowhere', 5, 404],
    ['/healthz', 5, 405],
  ])('100-continue invites no body of %s, %i bytes', async (path, length, status) => {
    const { port } = await start();
    const raw = await connectRaw(port);
    raw.write(deleting(path, length));
    expect(only(parseAnswers(await raw.closed()))).toMatchObject({
      status,
      headers: { connection: 'close' },
    });
  });
});

describe('too much', () => {
  it.each([
    ['in one header field', GET('/healthz', `X-Large: ${'x'.repeat(20_000)}`)],
    [
      'in many',
      GET('/healthz', ...Array.from({ length: 200 }, (_, i) => `X-${i}: ${'x'.repeat(100)}`)),
    ],
    ['in the target', GET(`/tasks/${'x'.repeat(20_000)}`)],
    ['and without end', `GET /healthz HTTP/1.1\r\nHost: x\r\nX-Large: ${'x'.repeat(200_000)}`],
  ])('%s is a 431', async (_, text) => {
    const { port, accessLines } = await start();
    const response = only(await exchangeRaw(port, text));
    expectProblem(response, 431, 'request-header-fields-too-large');
    expect(accessLines()).toMatchObject([{ status: 431 }]);
  });

  it('in the header fields is a problem that a page of another origin can read', async () => {
    const origin = 'https://app.example.org';
    const { port } = await start({ env: { CORS_ORIGINS: origin } });
    const fields = [`Origin: ${origin}`, 'X-Request-Id: mine', `Cookie: ${'x'.repeat(20_000)}`];
    const response = only(await exchangeRaw(port, GET('/tasks/a', ...fields)));
    expectProblem(response, 431, 'request-header-fields-too-large');
    expect(response.headers).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-expose-headers': expect.stringContaining('X-Request-Id'),
      'x-request-id': 'mine',
    });
    fields[0] = 'Origin: https://other.example.org';
    const other = only(await exchangeRaw(port, GET('/tasks/a', ...fields)));
    expect(other.headers).not.toHaveProperty('access-control-allow-origin');
  });

  it('as a body is a 413 that the caller receives, and little of it is kept', async () => {
    const { port } = await start();
    const body = Buffer.alloc(MB, 'x');
    const headers = { 'x-api-key': KEY };
    const whole = await send(port, {
      method: 'DELETE',
      path: '/tasks/a',
      headers: { ...headers, 'content-length': String(MB) },
      body,
    });
    expectProblem(whole, 413, 'payload-too-large');
    expect(whole.headers.connection).toBe('close');
    const chunked = await send(port, {
      method: 'DELETE',
      path: '/tasks/a',
      headers: { ...headers, 'transfer-encoding': 'chunked' },
      body,
    });
    expectProblem(chunked, 413, 'payload-too-large');
    expect(emulator.requests()).toEqual([]);
  });

  it.each(['/tasks/a', '/nowhere', '/healthz', '/webhooks/cancel-task'])(
    'as a body without end to %s is answered, and then cut off',
    async (path) => {
      const { port, server } = await start({ timeouts: { lingerMs: 50 } });
      const [raw, [accepted]] = await Promise.all([connectRaw(port), once(server, 'connection')]);
      raw.write(`POST ${path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n`);
      const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`;
      let written = 0;
      const pump = (): void => {
        while (!raw.socket.destroyed && raw.socket.write(chunk)) written += chunk.length;
      };
      raw.socket.on('drain', pump);
      pump();
      const [response] = parseAnswers(await raw.closed());
      expect([413, 404, 405]).toContain(response?.status);
      expect(response?.headers['connection']).toBe('close');
      // What was taken off the wire: a bounded part, however much was sent.
      expect(accepted.bytesRead).toBeLessThan(4 * MB);
      expect(written).toBeGreaterThan(0);
    },
  );

  it('is measured to the byte', async () => {
    const { port } = await start();
    const statusOf = async (length: number, chunked: boolean): Promise<number> =>
      (
        await send(port, {
          method: 'DELETE',
          path: '/tasks/a',
          headers: chunked
            ? { 'transfer-encoding': 'chunked' }
            : { 'content-length': String(length) },
          body: 'x'.repeat(length),
        })
      ).status;
    expect(await statusOf(8192, false)).toBe(401);
    expect(await statusOf(8192, true)).toBe(401);
    expect(await statusOf(8193, false)).toBe(413);
    expect(await statusOf(8193, true)).toBe(413);
  });
});

describe('too slow', () => {
  const timeouts = { headersTimeout: 40, requestTimeout: 40, connectionsCheckingInterval: 10 };

  it.each([
    ['nothing at all', ''],
    ['half a request line', 'GET /heal'],
    ...ALL_OPERATIONS.map((make) => make())
      .filter(({ method }) => method !== 'POST')
      .map(({ method, target }) => [
        `half of the header fields for ${method} ${target}`,
        `${method} ${target} HTTP/1.1\r\nHost: x\r\nX-Half`,
      ]),
  ])('%s is a 408', async (_, text) => {
    const { port, accessLines } = await start({ timeouts });
    const response = only(await exchangeRaw(port, text));
    expectProblem(response, 408, 'request-timeout');
    expect(accessLines()).toMatchObject([{ status: 408 }]);
  });

  it('a body is a 408 by the time that the server gives a request', async () => {
    const { port, accessLines } = await start({ timeouts, wrap: reading() });
    const text =
      'DELETE /tasks/a HTTP/1.1\r\nHost: x\r\nX-Request-Id: mine\r\nContent-Length: 5\r\n\r\nab';
    const response = only(await exchangeRaw(port, text));
    expectProblem(response, 408, 'request-timeout');
    expect(response.headers['x-request-id']).toBe('mine');
    expect(accessLines()).toMatchObject([{ method: 'DELETE', status: 408 }]);
  });

  it('a body is a 408 by the time that a body gets', async () => {
    const { port } = await start({ timeouts: { bodyMs: 100 }, wrap: reading() });
    const text = 'DELETE /tasks/a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab';
    expectProblem(only(await exchangeRaw(port, text)), 408, 'request-timeout');
  });
});

describe('a body that nobody needs', () => {
  const head = `DELETE /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n`;
  const chunked = 'DELETE /nowhere HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n';

  it('is not waited for, and the connection is kept for the next request', async () => {
    const { port } = await start({ timeouts: { lingerMs: LONGER_THAN_A_TEST_MS } });
    const raw = await connectRaw(port);
    raw.write(head);
    await raw.until(/"route-not-found"/);
    raw.write(`hello${GET('/healthz')}`);
    const responses = parseAnswers(await raw.until(/"status":"ok"}/));
    expect(responses.map(({ status, headers }) => [status, headers['connection']])).toEqual([
      [404, 'keep-alive'],
      [200, 'keep-alive'],
    ]);
    raw.socket.destroy();
  });

  it('is waited for no longer than a moment', async () => {
    const { port } = await start();
    expect(only(await exchangeRaw(port, head))).toMatchObject({ status: 404 });
  });

  it('ends the connection once it is too large', async () => {
    const { port } = await start({ timeouts: { lingerMs: LONGER_THAN_A_TEST_MS } });
    const raw = await connectRaw(port);
    raw.write(chunked);
    await raw.until(/"route-not-found"/);
    raw.write(`2001\r\n${'x'.repeat(8193)}\r\n0\r\n\r\n`);
    expect(only(parseAnswers(await raw.closed()))).toMatchObject({ status: 404 });
  });
});

describe('requests that wait for their bodies', () => {
  const timeouts = { maxBodiesWaiting: 2, bodyMs: 60_000 };
  const head = 'POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n';
  const waiting = async (port: number): Promise<RawConnection> => {
    const raw = await connectRaw(port);
    raw.write(head);
    await raw.until(/100 Continue/);
    return raw;
  };

  it.each([true, false])(
    'are bounded: the one that has waited longest is dropped (authenticated: %s)',
    async (isAuthenticated) => {
      const { port } = await start({ timeouts, wrap: reading(isAuthenticated) });
      const longest = await waiting(port);
      const others = [await waiting(port), await waiting(port)];
      const dropped = parseAnswers(await longest.closed()).at(-1);
      if (!dropped) throw new Error('no answer');
      expectProblem(dropped, 503, 'overloaded');
      for (const raw of others) {
        raw.write('hello');
        await raw.until(/read hello$/);
        raw.socket.destroy();
      }
    },
  );

  it.each([true, false])(
    'are bounded by what has arrived of them, too (authenticated: %s)',
    async (isAuthenticated) => {
      const limits = { ...timeouts, maxBytesWaiting: 7 };
      const { port } = await start({ timeouts: limits, wrap: reading(isAuthenticated) });
      const [longest, other] = [await waiting(port), await waiting(port)];
      longest.write('hell');
      other.write('hell');
      const dropped = parseAnswers(await longest.closed()).at(-1);
      if (!dropped) throw new Error('no answer');
      expectProblem(dropped, 503, 'overloaded');
      other.write('o');
      await other.until(/read hello$/);
      const next = await waiting(port);
      next.write('hello');
      await next.until(/read hello$/);
      for (const raw of [other, next]) raw.socket.destroy();
    },
  );

  it('never take the place of an authenticated one', async () => {
    let isAuthenticated = true;
    const { port } = await start({
      timeouts,
      wrap: (gateway) => ({
        serve: async (request) => reading(isAuthenticated)(gateway).serve(request),
      }),
    });
    const known = await waiting(port);
    isAuthenticated = false;
    const strangers = [await waiting(port), await waiting(port), await waiting(port)];
    await strangers[0]?.closed();
    known.write('hello');
    await known.until(/read hello$/);
    for (const raw of [known, ...strangers]) raw.socket.destroy();
  });
});

describe('X-Scf-Request-Id', () => {
  it.each([
    ['counts where SCF runs the server', true, 'from-scf', 'from-scf'],
    ["is anybody's elsewhere", false, 'forged', undefined],
    ['counts only if it can be echoed', true, 'no id {}', undefined],
  ])('%s', async (_, isScf, id, expected) => {
    const { port, accessLines } = await start();
    if (isScf) process.env['TENCENTCLOUD_RUNENV'] = 'SCF';
    const { headers } = await send(port, { path: '/healthz', headers: { 'X-Scf-Request-Id': id } });
    delete process.env['TENCENTCLOUD_RUNENV'];
    const [line] = accessLines();
    expect(line?.['platformRequestId']).toBe(expected);
    expect(headers['x-request-id'] === id).toBe(expected === id);
    expect(JSON.stringify(line).includes(id)).toBe(expected === id);
  });
});

describe('a caller that goes away', () => {
  it.each([
    ['before anything', ''],
    ['in the header fields', 'DELETE /tasks/a HTTP/1.1\r\nHos'],
    ['in the body', 'DELETE /tasks/a HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\nhalf'],
    [
      'in a chunk',
      'DELETE /tasks/a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n50\r\nha',
    ],
  ])('%s leaves nothing behind', async (_, text) => {
    const { port, server, lines } = await start();
    for (const leave of ['resetAndDestroy', 'end'] as const) {
      const [raw, [accepted]] = await Promise.all([connectRaw(port), once(server, 'connection')]);
      raw.write(text);
      if (text) await until(() => accepted.bytesRead >= text.length);
      raw.socket[leave]();
      await Promise.all([raw.closed(), until(() => accepted.destroyed)]);
    }
    expect((await send(port, { path: '/healthz' })).status).toBe(200);
    expect(lines.filter(({ event }) => event === 'crash')).toEqual([]);
    expect(emulator.requests()).toEqual([]);
  });

  it('before its answer is noticed by what is done for it', async () => {
    let disconnected: AbortSignal | undefined;
    const { port } = await start({
      wrap: () => ({
        async serve(request) {
          disconnected = request.disconnected;
          await new Promise((resolve) =>
            disconnected?.addEventListener('abort', resolve, { once: true }),
          );
          return { status: 200, headers: {}, body: 'nobody hears it' };
        },
      }),
    });
    const raw = await connectRaw(port);
    raw.write(GET('/healthz'));
    await until(() => disconnected);
    raw.socket.destroy();
    await until(() => disconnected?.aborted);
  });

  it('before a later answer on the same connection is noticed too', async () => {
    const seen: (AbortSignal | undefined)[] = [];
    const { port } = await start({
      wrap: (gateway) => ({
        serve(request) {
          seen.push(request.disconnected);
          return seen.length === 1 ? gateway.serve(request) : new Promise(() => undefined);
        },
      }),
    });
    const raw = await connectRaw(port);
    raw.write(GET('/healthz') + GET('/healthz'));
    await until(() => seen.length === 2);
    expect(seen.map((one) => one?.aborted)).toEqual([false, false]);
    raw.socket.destroy();
    await until(() => seen[1]?.aborted);
  });

  it('is listened for by the request in flight alone, and by none that has its answer', async () => {
    emulator.addTasks({ id: 'a', state: 'running' });
    const signals = new Set<AbortSignal>();
    const counts: number[] = [];
    const count = (): void => {
      for (const signal of signals) counts.push(getEventListeners(signal, 'abort').length);
    };
    const { port } = await start({
      wrap: (gateway) => ({
        async serve(request) {
          if (request.disconnected) signals.add(request.disconnected);
          count();
          const response = await gateway.serve(request);
          count();
          return response;
        },
      }),
    });
    const raw = await connectRaw(port);
    raw.write(GET('/tasks/a', `X-API-Key: ${KEY}`).repeat(12));
    await until(() => counts.length === 24);
    expect(signals.size).toBe(1);
    expect(counts).toEqual(counts.map(() => 0));
    expect(emulator.requests()).toHaveLength(12);
    raw.socket.destroy();
  });

  it('after its answer has not gone too early', async () => {
    let disconnected: AbortSignal | undefined;
    const { port } = await start({
      wrap: (gateway) => ({
        serve(request) {
          disconnected = request.disconnected;
          return gateway.serve(request);
        },
      }),
    });
    await send(port, { path: '/healthz' });
    await until(() => disconnected);
    expect(disconnected?.aborted).toBe(false);
  });
});

describe('draining', () => {
  it('answers requests in flight, closes their connections, and takes no new ones', async () => {
    const gate = gated();
    const { port, server } = await start({ wrap: gate.wrap });
    servers.splice(0);
    const agent = new http.Agent({ keepAlive: true });
    const response = send(port, { path: '/healthz', agent });
    await until(() => gate.arrived() === 1);
    const drained = drain(server, 60_000);
    await expect(send(port, { path: '/healthz' })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    gate.open();
    expect(await response).toMatchObject({ status: 200, headers: { connection: 'close' } });
    await drained;
    agent.destroy();
  });

  it('cuts off what takes too long', async () => {
    const { port, server } = await start({
      wrap: () => ({ serve: () => new Promise(() => undefined) }),
    });
    servers.splice(0);
    const raw = await connectRaw(port);
    raw.write(GET('/healthz'));
    await once(server, 'request');
    await drain(server, 10);
    expect(await raw.closed()).toBe('');
  });
});

describe('a gateway that fails', () => {
  it('ends the connection rather than leave the caller waiting', async () => {
    const { port } = await start({
      wrap: () => ({
        serve: async () => ({ status: 200, headers: { 'X-Bad': 'a\nb' }, body: '' }),
      }),
    });
    await expect(send(port, { path: '/healthz' })).rejects.toThrow(/socket hang up/);
  });
});
