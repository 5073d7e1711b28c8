import { describe, expect, it } from '@jest/globals';

import type { Emulator } from '../emulator/emulator.ts';
import { problemsOf, statusesFor, upstreamCodeFor } from '../scripts/openapi/problem-codes.ts';
import { createRoutes } from '../src/handlers/routes.ts';
import type { ProblemCode } from '../src/lib/problems.ts';
import { onEmulator } from './support/emulator.ts';
import {
  ask,
  batch,
  cancel,
  delivery,
  gatewayWith,
  get,
  hook,
  list,
  shown,
  TASK,
} from './support/every-operation.ts';
import { claims, hmac, serialize } from './support/jwt.ts';
import {
  bearer,
  jwtIssuer,
  KEY,
  keyEntry,
  sinkEntry,
  WEBHOOK_SECRET,
  type Answer,
} from './support/three-callers.ts';

/**
 * What the OpenAPI document says that each operation about a task may answer: each of it does happen
 * (`support/received-reporter.js`), and looks as the document says.
 */
let emulator: Emulator;
onEmulator({ id: TASK, state: 'running', engine: 'mine' }, (started) => void (emulator = started));

/** A way for DLC, or the connection to it, to make each problem. */
function faultFor(code: ProblemCode) {
  if (code === 'upstream-unreachable') return { kind: 'reset-before' } as const;
  if (code === 'upstream-timeout') return { kind: 'status', status: 504 } as const;
  if (code === 'upstream-invalid-response') return { kind: 'html' } as const;
  if (code === 'upstream-error') return { kind: 'code', code: 'Brand.New' } as const;
  const upstreamCode = upstreamCodeFor(code);
  return upstreamCode === undefined ? undefined : ({ kind: 'code', code: upstreamCode } as const);
}

const CALLS = [
  ['DELETE', '/tasks/{taskId}', 'CancelTask', () => cancel],
  ['GET', '/tasks/{taskId}', 'DescribeTasks', () => get],
  ['GET', '/tasks', 'DescribeTasks', () => list],
  ['POST', '/webhooks/cancel-task', 'CancelTask', hook],
  ['POST', '/webhooks/{senderId}', 'CancelTask', () => delivery],
] as const;

const CODES = CALLS.flatMap(([method, path, action, make]) => {
  const route = createRoutes({ taskStateLookup: true, mcp: true }).find(
    ({ template }) => template === path,
  );
  const endpoint = route?.methods[method];
  if (!route || !endpoint) throw new Error(`no ${method} ${path}`);
  return problemsOf(endpoint, {}).flatMap((code) => {
    const fault = faultFor(code);
    const status = statusesFor(code, route, endpoint).at(-1);
    return fault ? [{ method, path, code, status, fault: { ...fault, action }, make }] : [];
  });
});

it.each(CODES)('$method $path: DLC makes $code', async ({ code, status, fault, make }) => {
  await emulator.addFault({ ...fault, times: 'always' });
  const response = await ask(emulator.port, {}, make());
  const { outcome, results } = response.body;
  if (status === 200 && results) {
    expect({ status: response.status, results }).toMatchObject({ status, results: [{ code }] });
    return;
  }
  const expected = status === 200 ? { outcome: code.replaceAll('-', '_') } : { code };
  expect({
    status: response.status,
    ...(outcome ? { outcome } : { code: response.body['code'] }),
  }).toEqual({ status, ...expected });
});

it.each([['DELETE', () => cancel] as const, ['POST', hook] as const])(
  '%s: a timeout after an answer keeps the id of that answer',
  async (_, make) => {
    await emulator.addFault([
      { action: 'CancelTask', kind: 'code', code: 'InternalError' },
      { action: 'CancelTask', kind: 'status', status: 504 },
    ]);
    const response = await ask(emulator.port, { MAX_ATTEMPTS: '2' }, make());
    expect(response).toMatchObject({
      status: 504,
      headers: { 'X-Tc-Request-Id': expect.any(String) },
      body: { outcomeUnknown: true },
    });
  },
);

it.each([
  ['initializing', 0],
  ['running', 1],
  ['succeeded', 2],
  ['writing', 3],
  ['queued', 4],
  ['failed', -1],
  ['cancelled', -3],
  ['unknown', -9],
])('GET: %s', async (state, number) => {
  emulator.addTasks({ id: TASK, state: number });
  expect((await ask(emulator.port, {}, get)).body).toMatchObject({ state, upstreamState: number });
});

it('POST: cancelled by an attempt that was not answered', async () => {
  await emulator.addFault({ action: 'CancelTask', kind: 'reset-after', accept: true });
  expect((await ask(emulator.port, {}, hook())).body).toMatchObject({ outcome: 'cancelled' });
});

describe.each([
  ['a cancellation', cancel] as const,
  ['a state', get] as const,
  ['a list', list] as const,
  ['a batch', batch] as const,
])('%s', (_, request) => {
  it('with two schemes', async () => {
    const response = await ask(emulator.port, {}, request, [['Authorization', 'Basic x']]);
    expect(response).toMatchObject({
      status: 400,
      headers: { 'WWW-Authenticate': expect.any(String) },
    });
  });

  it('by a caller who is blocked', async () => {
    const response = await ask(emulator.port, { BLOCKED_PRINCIPALS: 'key:k' }, request);
    expect(shown(response)).toEqual({ status: 403, code: 'principal-blocked' });
  });

  it('with a token for another task', async () => {
    const grant = { type: 'dlc_task', actions: ['cancel', 'read'], identifier: 'another' };
    const token = bearer({ authorization_details: [grant] });
    const response = await ask(
      emulator.port,
      {},
      { ...request, headers: [token, ...request.headers.slice(1)] },
    );
    // Of a list, that task is left out; of a batch, each task has a result.
    const isAboutMany = request === list || request === batch;
    expect(shown(response)).toEqual(
      isAboutMany ? { status: 200 } : { status: 403, code: 'task-not-permitted' },
    );
  });

  it('with a token whose key cannot be fetched', async () => {
    const issuer = { algorithms: ['ES256'], jwksUri: 'http://127.0.0.1:9/jwks' };
    const { secret: _secret, ...entry } = Object(jwtIssuer(issuer));
    const payload = claims({ iss: entry.issuer, aud: entry.audience });
    const token = serialize({ alg: 'ES256', kid: 'k' }, payload, hmac('x'.repeat(32)));
    const settings = { JWT_ISSUERS: JSON.stringify([entry]) };
    const headers = [['Authorization', `Bearer ${token}`]] as const;
    const response = await ask(emulator.port, settings, { ...request, headers });
    expect(shown(response)).toEqual({ status: 503, code: 'auth-provider-unavailable' });
  });

  it('beyond the quota', async () => {
    const gateway = gatewayWith(emulator.port, {
      API_KEYS: JSON.stringify([keyEntry(KEY, { rate: '1/h' })]),
    });
    const responses: Answer[] = [];
    for (let i = 0; i < 6; i += 1) {
      responses.push(
        await gateway.send(request.method, request.target, request.headers, request.body),
      );
    }
    expect(responses.at(-1)?.body).toMatchObject({ code: 'quota-exceeded' });
  });
});

it.each([
  ['DELETE', () => cancel] as const,
  ['GET', () => get] as const,
  ['POST', hook] as const,
  ['POST, as it is', () => delivery] as const,
])('%s: the engine cannot be asked for', async (_, make) => {
  const fault = { action: 'DescribeTasks', kind: 'code', code: 'ServiceUnavailable' } as const;
  await emulator.addFault({ ...fault, times: 'always' });
  const settings = {
    API_KEYS: JSON.stringify([keyEntry(KEY, { engines: ['mine'] })]),
    WEBHOOK_SENDERS: JSON.stringify([
      { id: 'hub', secrets: [WEBHOOK_SECRET], engines: ['mine'] },
      sinkEntry({ engines: ['mine'] }),
    ]),
  };
  const response = await ask(emulator.port, settings, make());
  expect(shown(response)).toEqual({ status: 503, code: 'permission-check-unavailable' });
});

it('GET: where lookups are off', async () => {
  expect(await ask(emulator.port, { TASK_STATE_LOOKUP: 'off' }, get)).toMatchObject({
    status: 405,
    headers: { Allow: 'DELETE, OPTIONS' },
  });
});
