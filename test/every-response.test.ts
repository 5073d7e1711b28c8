import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { startEmulator, type Emulator } from '../emulator/emulator.ts';
import { ask, fromPlatform, WAYS, type Gateways, type PlainRequest } from './support/both-ways.ts';
import {
  expectAlwaysHeaders,
  expectProblem,
  KEYS,
  lowerCased,
  settingsFor,
} from './support/gateway.ts';
import { startFunction, startServer } from './support/processes.ts';
import { cancelBody, webhook, WEBHOOK_SECRET } from './support/three-callers.ts';

/** What the contract promises of every answer, looked for on every kind of answer, on every way. */
const ORIGIN = 'https://app.example.org';

let emulator: Emulator;
let gateways: Gateways;

beforeAll(async () => {
  emulator = await startEmulator({ cancelMs: 0, rate: 100_000 });
  const settings = settingsFor(emulator, {
    CORS_ORIGINS: ORIGIN,
    MAX_ATTEMPTS: '1',
    WEBHOOK_SENDERS: JSON.stringify([{ id: 'hub', secrets: [WEBHOOK_SECRET] }]),
  });
  const [server, fn] = await Promise.all([startServer(settings), startFunction(settings)]);
  gateways = { server, fn };
});
beforeEach(async () => {
  await emulator.reset();
  emulator.addTasks([
    { id: 'running', state: 'running' },
    { id: 'cancelled', state: 'cancelled' },
    { id: 'succeeded', state: 'succeeded' },
    { id: 'faulty', state: 'running' },
  ]);
});
afterAll(async () => {
  await Promise.all([gateways.server.stop(), gateways.fn.stop()]);
  await emulator.close();
});

const key = ['X-API-Key', KEYS.both] as const;
const get = (target: string, method = 'GET'): PlainRequest => ({ method, target, headers: [key] });
const hook = (body: unknown, more: Partial<PlainRequest> = {}): PlainRequest => ({
  method: 'POST',
  target: '/webhooks/cancel-task',
  ...webhook(body),
  ...more,
});
const preflight = (target: string): PlainRequest => ({
  method: 'OPTIONS',
  target,
  headers: [['Access-Control-Request-Method', 'DELETE']],
});

/** Each answer: its request, its status, its code where it is a problem, and DLC's error before it. */
const ROWS: readonly (readonly [string, PlainRequest, number, string?, string?])[] = [
  ['the health', get('/healthz'), 200],
  ['the health by HEAD', get('/healthz', 'HEAD'), 200],
  ['a cancellation', get('/tasks/running', 'DELETE'), 202],
  ['a cancellation of what is cancelled', get('/tasks/cancelled', 'DELETE'), 200],
  ['a state', get('/tasks/running'), 200],
  ['a state by HEAD', get('/tasks/running', 'HEAD'), 200],
  ['a list', get('/tasks?state=active'), 200],
  ['a list by HEAD', get('/tasks', 'HEAD'), 200],
  ['a list of another kind', get('/tasks?kind=x'), 400, 'invalid-request'],
  ['a batch without a body', get('/tasks:cancel', 'POST'), 415, 'unsupported-media-type'],
  ['what is finished', get('/tasks/succeeded', 'DELETE'), 409, 'task-already-finished'],
  ['what is not there', get('/tasks/nothing', 'DELETE'), 404, 'task-not-found'],
  ['a state of what is not there', get('/tasks/nothing'), 404, 'task-not-found'],
  ['a bad id', get('/tasks/a%20b', 'DELETE'), 400, 'invalid-request'],
  ['a bad query', get('/tasks/running?x', 'DELETE'), 400, 'invalid-request'],
  [
    'two schemes',
    { ...get('/tasks/running', 'DELETE'), headers: [key, ['Authorization', 'Basic x']] },
    400,
    'invalid-request',
  ],
  ['nobody', { method: 'DELETE', target: '/tasks/running' }, 401, 'unauthenticated'],
  [
    'a bad token',
    { method: 'DELETE', target: '/tasks/running', headers: [['Authorization', 'Bearer x']] },
    401,
    'unauthenticated',
  ],
  [
    'no scope',
    { method: 'DELETE', target: '/tasks/running', headers: [['X-API-Key', KEYS.reader]] },
    403,
    'insufficient-scope',
  ],
  [
    'a blocked caller',
    { method: 'DELETE', target: '/tasks/running', headers: [['X-API-Key', KEYS.blocked]] },
    403,
    'principal-blocked',
  ],
  ['no route', get('/nowhere'), 404, 'route-not-found'],
  ['no route by HEAD', get('/nowhere', 'HEAD'), 404],
  ['no method', get('/tasks/running', 'PUT'), 405, 'method-not-allowed'],
  [
    'a large body',
    { ...get('/tasks/running', 'DELETE'), body: 'x'.repeat(9000) },
    413,
    'payload-too-large',
  ],
  [
    'large header fields',
    { ...get('/healthz'), headers: [['X-Large', 'x'.repeat(20_000)]] },
    431,
    'request-header-fields-too-large',
  ],
  ['a preflight', preflight('/tasks/running'), 204],
  ['a preflight of a list', preflight('/tasks'), 204],
  ['a preflight of a batch', preflight('/tasks:cancel'), 204],
  ['a preflight where no browser calls', preflight('/healthz'), 204],
  ['a preflight to nowhere', preflight('/nowhere'), 404, 'route-not-found'],
  ['OPTIONS', get('/healthz', 'OPTIONS'), 204],
  ['DLC busy', get('/tasks/faulty', 'DELETE'), 409, 'task-busy', 'ResourceInUse'],
  [
    'DLC full',
    get('/tasks/faulty', 'DELETE'),
    429,
    'upstream-rate-limited',
    'RequestLimitExceeded',
  ],
  [
    'DLC with a quota',
    get('/tasks/faulty', 'DELETE'),
    429,
    'upstream-quota-exceeded',
    'LimitExceeded',
  ],
  [
    'DLC with bad credentials',
    get('/tasks/faulty', 'DELETE'),
    502,
    'upstream-credentials-rejected',
    'AuthFailure.SecretIdNotFound',
  ],
  ['DLC down', get('/tasks/faulty', 'DELETE'), 503, 'upstream-unavailable', 'ServiceUnavailable'],
  [
    'DLC asked wrongly',
    get('/tasks/faulty', 'DELETE'),
    500,
    'gateway-misconfigured',
    'UnknownParameter',
  ],
  ['a webhook', hook(cancelBody('running')), 202],
  ['a webhook of another type', hook({ type: 'x' }), 200],
  ['a webhook that is acknowledged', hook(cancelBody('succeeded')), 200],
  [
    'a webhook that is to come again',
    hook(cancelBody('faulty')),
    503,
    'task-busy',
    'ResourceInUse',
  ],
  [
    'a webhook of another media type',
    hook(cancelBody('running'), {
      headers: webhook(cancelBody('running')).headers.filter(([name]) => name !== 'Content-Type'),
    }),
    415,
    'unsupported-media-type',
  ],
  [
    'a webhook that is not signed',
    { method: 'POST', target: '/webhooks/cancel-task', body: '{}' },
    401,
    'unauthenticated',
  ],
  ['a preflight for a webhook', preflight('/webhooks/cancel-task'), 204],
];

const ANSWERS = ROWS.map(([name, request, status, code, upstreamCode]) => ({
  name,
  request,
  status,
  code,
  upstreamCode,
}));

/** Fields that the gateway may send; whatever else is there was not meant to be. */
const KNOWN =
  /^(x-request-id|cache-control|x-content-type-options|strict-transport-security|content-security-policy|x-frame-options|referrer-policy|x-tc-request-id|retry-after|content-type|www-authenticate|allow|vary|access-control-[a-z-]+|ratelimit(-policy)?|preference-applied|content-length|date|connection|keep-alive)$/;

describe.each(WAYS)('through the %s', (way) => {
  it.each(ANSWERS)('$name', async ({ request, status, code, upstreamCode }) => {
    if (upstreamCode) {
      const fault = {
        action: 'CancelTask',
        times: 'always',
        kind: 'code',
        code: upstreamCode,
      } as const;
      await emulator.addFault(fault);
    }
    const headers = [
      ...(request.headers ?? []),
      ['Origin', ORIGIN],
      ['X-Request-Id', 'mine'],
    ] as const;
    const response = await ask(way, gateways, { ...request, headers });
    expect(response.status).toBe(status);
    expectAlwaysHeaders(response.headers);
    const sent = lowerCased(response.headers);
    expect(Object.keys(sent).filter((name) => !KNOWN.test(name))).toEqual([]);
    // Of header fields that Node could not hold, nothing is known.
    if (status !== 431 || way !== 'server') {
      expect(sent['x-request-id']).toBe('mine');
      const isSenders = request.target.startsWith('/webhooks');
      expect(sent['access-control-allow-origin']).toBe(isSenders ? undefined : ORIGIN);
      expect('access-control-expose-headers' in sent).toBe(
        !isSenders && !(status === 204 && request.target.startsWith('/tasks')),
      );
    }
    const hasSentences = status >= 400 || response.text.includes('"results"');
    expect(sent['vary']).toBe(hasSentences ? 'Accept-Language, Origin' : 'Origin');
    expect(sent).not.toHaveProperty('access-control-allow-credentials');
    if (code) {
      const body = expectProblem(response, status, code);
      expect(body['upstreamRequestId']).toBe(sent['x-tc-request-id']);
      if (code === 'upstream-credentials-rejected') expect(body).not.toHaveProperty('upstreamCode');
    }
    if (request.method === 'HEAD' || status === 204) expect(response.text).toBe('');
    else expect(sent['content-type']).toBe(`application/${code ? 'problem+' : ''}json`);
    const asked = emulator.requests().length > 0;
    expect('x-tc-request-id' in sent).toBe(asked);
  });
});

describe('where the settings are wrong', () => {
  it.each<[string, unknown]>([
    ['a request', { httpMethod: 'DELETE', path: '/tasks/running' }],
    ['HEAD', { httpMethod: 'HEAD', path: '/healthz' }],
    [
      'a preflight',
      {
        httpMethod: 'OPTIONS',
        path: '/tasks/a',
        headers: { origin: ORIGIN, 'access-control-request-method': 'GET' },
      },
    ],
    ['no route', { httpMethod: 'GET', path: '/nowhere' }],
    ['what is no request', null],
  ])('%s gets all header fields, and a 500', async (_, event) => {
    const fn = await startFunction({ DLC_REGION: 'x' });
    const response = fromPlatform(await fn.invoke(event));
    expect(response.status).toBe(500);
    expectAlwaysHeaders(response.headers);
    if (response.text !== '') expectProblem(response, 500, 'gateway-misconfigured');
    await fn.stop();
  });
});
