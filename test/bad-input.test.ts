import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';

import { startEmulator, type Emulator } from '../emulator/emulator.ts';
import * as aws from './fixtures/events/aws/http-events.ts';
import * as other from './fixtures/events/aws/other-events.ts';
import {
  ask,
  fromPlatform,
  SCF_CONTEXT,
  WAYS,
  type Gateways,
  type PlainRequest,
} from './support/both-ways.ts';
import { expectProblem, KEYS, settingsFor, type AnswerOf } from './support/gateway.ts';
import { startFunction, startServer } from './support/processes.ts';

/**
 * Whatever is wrong with a request, through the built function and the built server: the contract's
 * problem, the task untouched, the process alive, the log one JSON object a line, and no secret anywhere.
 */
const SESSION_TOKEN = 'PLANTED-SESSION-TOKEN-OF-THE-GATEWAY';
const SECRET_KEY = 'PLANTED-SECRET-KEY-OF-THE-GATEWAY';
const BEARER = 'PLANTED-BEARER-TOKEN';
const ID = 'a-running-task';
const MB = 1024 * 1024;

let emulator: Emulator;
let gateways: Gateways;

beforeAll(async () => {
  emulator = await startEmulator({ cancelMs: 0, rate: 100_000, secretKey: SECRET_KEY });
  const settings = settingsFor(emulator, {
    TENCENTCLOUD_SESSIONTOKEN: SESSION_TOKEN,
    LOG_LEVEL: 'debug',
  });
  const [server, fn] = await Promise.all([startServer(settings), startFunction(settings)]);
  gateways = { server, fn };
});
beforeEach(async () => {
  await emulator.reset();
  emulator.addTasks({ id: ID, state: 'running' });
});
afterEach(async () => {
  expect(emulator.requests()).toEqual([]);
  expect(emulator.task(ID)).toMatchObject({ state: 'running', cancelling: false });
  for (const way of WAYS) {
    expect((await ask(way, gateways, { target: '/healthz' })).status).toBe(200);
  }
  expectCleanOutput();
});
afterAll(async () => {
  await Promise.all([gateways.server.stop(), gateways.fn.stop()]);
  expectCleanOutput();
  await emulator.close();
});

function expectCleanOutput(): void {
  for (const { lines, output } of [gateways.server, gateways.fn]) {
    expect(lines().every(({ event }) => typeof event === 'string')).toBe(true);
    expect(output.stderr).toBe('');
    expectNoSecret(output.stdout);
  }
}

const nearly = [
  KEYS.both.slice(0, -1),
  `${KEYS.both}x`,
  KEYS.both.toUpperCase(),
  `x${KEYS.both}`,
  createHash('sha256').update(KEYS.both).digest('hex'),
];

function expectNoSecret(text: string): void {
  for (const secret of [...Object.values(KEYS), ...nearly, SECRET_KEY, SESSION_TOKEN, BEARER]) {
    expect(text.includes(secret)).toBe(false);
  }
  expect(text).not.toMatch(/PLANTED/);
}

const withKey = ['X-API-Key', KEYS.both] as const;
const remove = (target: string, ...headers: (readonly [string, string])[]): PlainRequest => ({
  method: 'DELETE',
  target,
  headers: headers.length > 0 ? headers : [withKey],
});

interface Wrong {
  readonly request: PlainRequest;
  readonly status: number;
  readonly code: string;
  /** Where it learns what is wrong, on the ways on which the request is one at all. */
  readonly errors?: readonly string[];
}

const invalid = (request: PlainRequest, ...errors: string[]): Wrong => ({
  request,
  status: 400,
  code: 'invalid-request',
  ...(errors.length > 0 && { errors }),
});
const refused = (request: PlainRequest): Wrong => ({
  request,
  status: 401,
  code: 'unauthenticated',
});

const CASES: [string, Wrong][] = [
  ...[
    '%00',
    `${ID}%00`,
    `..%2f..%2ftasks%2f${ID}`,
    '..',
    'a%20b',
    `${ID}%20`,
    '%E0%A4%A',
    '%',
    'x'.repeat(129),
    '%3Cscript%3Ealert(1)%3C%2Fscript%3E',
    '<b>',
    "'%22;--",
    `%2561-running-task`,
    '{taskId}',
    `${ID}%0d%0aX-Evil: 1`.replace(' ', '%20'),
  ].map((id): [string, Wrong] => [
    `the id ${id.slice(0, 40)}`,
    invalid(remove(`/tasks/${id}`), 'path taskId'),
  ]),
  ['the id "a b", as it is', invalid(remove('/tasks/a b'))],
  ...[
    ['regoin=ap-guangzhou', 'query regoin'],
    ['Region=ap-guangzhou', 'query Region'],
    ['region=ap-guangzhou&force=1', 'query force'],
    ['region=ap-guangzhou&region=ap-singapore', 'query region'],
    ['region=ap-guangzhou&region=ap-guangzhou', 'query region'],
    ['region=ap-guangzhou&re%67ion=ap-guangzhou', 'query region'],
    ['region=na-ashburn', 'query region'],
    ['region=', 'query region'],
    ['region', 'query region'],
    ['region=%3Cscript%3E', 'query region'],
    ['region=ap-guangzhou%00', 'query region'],
    ['dry-run', 'query dry-run'],
    ['%3Cscript%3E', 'query ?script?'],
  ].map(([query, error = '']): [string, Wrong] => [
    `the query ${query}`,
    invalid(remove(`/tasks/${ID}?${query}`), error),
  ]),
  ['no credentials', refused({ method: 'DELETE', target: `/tasks/${ID}` })],
  ...nearly.map((key, i): [string, Wrong] => [
    `a key that is nearly right, ${i + 1}`,
    refused(remove(`/tasks/${ID}`, ['X-API-Key', key])),
  ]),
  ['an empty key', refused(remove(`/tasks/${ID}`, ['X-API-Key', '']))],
  ['a key as Bearer', refused(remove(`/tasks/${ID}`, ['Authorization', `Bearer ${KEYS.both}`]))],
  ['a key as Basic', refused(remove(`/tasks/${ID}`, ['Authorization', `Basic ${KEYS.both}`]))],
  ['a key in the query', refused({ method: 'DELETE', target: `/tasks/${ID}?key=${KEYS.both}` })],
  ['a key as a cookie', refused(remove(`/tasks/${ID}`, ['Cookie', `x-api-key=${KEYS.both}`]))],
  [
    'a key and a token',
    invalid(remove(`/tasks/${ID}`, withKey, ['Authorization', `Bearer ${BEARER}`])),
  ],
  [
    'a key and Basic',
    invalid(remove(`/tasks/${ID}`, withKey, ['Authorization', `Basic ${BEARER}`])),
  ],
  [
    'a key and a signature',
    invalid(remove(`/tasks/${ID}`, withKey, ['Webhook-Signature', 'v1,x'])),
  ],
  ['a key and Webhook-Anything', invalid(remove(`/tasks/${ID}`, withKey, ['webhook-any', '']))],
  ...(
    [
      ['X-API-Key', KEYS.both],
      ['x-api-key', KEYS.both],
      ['x-API-key', 'another'],
      ['x-api-key', ''],
    ] as const
  ).map((second, i): [string, Wrong] => [
    `a second key, ${i + 1}`,
    invalid(remove(`/tasks/${ID}`, withKey, second), 'header x-api-key'),
  ]),
  [
    'a second Authorization',
    invalid(
      remove(`/tasks/${ID}`, ['Authorization', `Bearer ${BEARER}`], ['authorization', 'Bearer b']),
      'header authorization',
    ),
  ],
  [
    'a second Prefer',
    invalid(
      remove(`/tasks/${ID}`, withKey, ['Prefer', 'wait=1'], ['PREFER', 'wait=2']),
      'header prefer',
    ),
  ],
  [
    'a second Content-Type',
    invalid(
      remove(`/tasks/${ID}`, withKey, ['Content-Type', 'a/b'], ['content-type', 'a/b']),
      'header content-type',
    ),
  ],
  [
    'a header of 20 KB',
    {
      request: remove(`/tasks/${ID}`, withKey, ['X-Large', 'x'.repeat(20_000)]),
      status: 431,
      code: 'request-header-fields-too-large',
    },
  ],
  [
    'a body of 1 MB',
    {
      request: { ...remove(`/tasks/${ID}`), body: 'x'.repeat(MB) },
      status: 413,
      code: 'payload-too-large',
    },
  ],
  [
    'a webhook of 1 MB',
    {
      request: { method: 'POST', target: '/webhooks/cancel-task', body: 'x'.repeat(MB) },
      status: 413,
      code: 'payload-too-large',
    },
  ],
  [
    'a webhook that is not signed',
    refused({ method: 'POST', target: '/webhooks/cancel-task', body: '{}' }),
  ],
  [
    'a webhook with a key',
    refused({ method: 'POST', target: '/webhooks/cancel-task', headers: [withKey], body: '{}' }),
  ],
  ...[
    '/',
    '/task',
    '/tasks/',
    '/tasks:cancel/',
    '/tasks:stop',
    `/tasks/${ID}/`,
    `/tasks/${ID}/x`,
    `//tasks/${ID}`,
    '/.env',
  ].map((target): [string, Wrong] => [
    `the path ${target}`,
    { request: remove(target), status: 404, code: 'route-not-found' },
  ]),
  ...['POST', 'PUT', 'PATCH', 'TRACE'].map((method): [string, Wrong] => [
    `the method ${method}`,
    {
      request: { ...remove(`/tasks/${ID}`), method },
      status: 405,
      code: 'method-not-allowed',
    },
  ]),
  [
    'a caller without the scope',
    {
      request: remove(`/tasks/${ID}?regoin=x`, ['X-API-Key', KEYS.reader]),
      status: 403,
      code: 'insufficient-scope',
    },
  ],
  [
    'a caller who is blocked',
    {
      request: remove(`/tasks/${ID}`, ['X-API-Key', KEYS.blocked]),
      status: 403,
      code: 'principal-blocked',
    },
  ],
];

function expectWrong(response: AnswerOf, { status, code, errors }: Wrong): void {
  const body = expectProblem(response, status, code);
  expectNoSecret(response.text + JSON.stringify(response.headers));
  expect(response.text).not.toMatch(/node_modules|\.ts|\.js|at \w+ \(|ECONN|TENCENT|API_KEYS/);
  const found: unknown = body['errors'];
  const list: Record<string, unknown>[] = Array.isArray(found) ? found.map(Object) : [];
  if (errors) {
    expect(list.map(({ in: where, name }) => `${String(where)} ${String(name)}`)).toEqual(errors);
  }
}

describe.each(WAYS)('through the %s', (way) => {
  it.each(CASES)('%s', async (_, wrong) => {
    expectWrong(await ask(way, gateways, wrong.request), wrong);
  });
});

describe('an event', () => {
  const invoke = async (event: unknown): Promise<AnswerOf> =>
    fromPlatform(await gateways.fn.invoke(event, SCF_CONTEXT));
  const path = `/tasks/${ID}`;
  const headers = { 'x-api-key': KEYS.both };

  it.each<[string, unknown]>([
    ['null', null],
    ['[]', []],
    ['"x"', 'x'],
    ['5', 5],
    ['{}', {}],
    ['of SQS', other.sqs],
    ['of SNS', other.sns],
    ['of S3', other.s3],
    ['of a timer', other.scfTimer],
    ['of EventBridge', other.eventBridge],
    ['of an authorizer, TOKEN', { ...other.tokenAuthorizer, httpMethod: 'DELETE', path, headers }],
    [
      'of an authorizer, REQUEST',
      { ...other.requestAuthorizer, path, headers, multiValueHeaders: null },
    ],
    ['of an authorizer of an HTTP API', { ...other.requestAuthorizerV2, rawPath: path, headers }],
    ['with a method and a methodArn', { httpMethod: 'DELETE', path, headers, methodArn: 'x' }],
    ['whose body is no text', { httpMethod: 'DELETE', path, headers, body: {} }],
  ])('%s is refused', async (_, event) => {
    expectWrong(await invoke(event), {
      request: remove(path),
      status: 400,
      code: 'invalid-request',
    });
  });

  it.each<[string, object]>([
    ['in the other map', { headers, multiValueHeaders: { 'x-api-key': ['another'] } }],
    [
      'in the other map, in another case',
      { headers, multiValueHeaders: { 'X-Api-Key': [KEYS.both, 'b'] } },
    ],
    [
      'in the map of single values',
      { headers: { 'X-API-KEY': 'b' }, multiValueHeaders: { 'x-api-key': [KEYS.both] } },
    ],
    ['twice in the same map', { headers: { ...headers, 'X-API-Key': KEYS.both } }],
    ['that is equal', { headers, multiValueHeaders: { 'x-api-key': [KEYS.both, KEYS.both] } }],
  ])('with a second key %s is refused', async (_, maps) => {
    for (const event of [
      { httpMethod: 'DELETE', path, ...maps },
      {
        ...aws.restApi,
        path,
        queryStringParameters: null,
        multiValueQueryStringParameters: null,
        multiValueHeaders: null,
        ...maps,
      },
      { ...aws.alb, path, queryStringParameters: {}, ...maps },
      { ...aws.httpApi, rawPath: path, rawQueryString: '', ...maps },
    ]) {
      expectWrong(await invoke(event), invalid(remove(path), 'header x-api-key'));
    }
  });

  it.each(['authorization', 'prefer', 'content-type', 'webhook-id'])(
    'with a second %s in the other map is refused',
    async (name) => {
      const event = {
        ...aws.restApi,
        path,
        headers: { [name]: 'a' },
        multiValueHeaders: { [name.toUpperCase()]: ['b'] },
      };
      expectWrong(await invoke(event), invalid(remove(path), `header ${name}`));
    },
  );

  it('with a body of 1 MB is refused, decoded or not', async () => {
    for (const [body, isBase64Encoded] of [
      ['x'.repeat(MB), false],
      ['AAAA'.repeat(MB / 4), true],
      ['AAAA'.repeat(MB / 4), 'true'],
    ]) {
      const event = { httpMethod: 'DELETE', path, headers, body, isBase64Encoded };
      const wrong = { request: remove(path), status: 413, code: 'payload-too-large' };
      expectWrong(await invoke(event), wrong);
    }
  });
});
