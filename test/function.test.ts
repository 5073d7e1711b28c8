import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import * as fc from 'fast-check';
import { readFileSync } from 'node:fs';

import { startEmulator, type Emulator } from '../emulator/emulator.ts';
import type * as functionModule from '../src/function.ts';
import type { PlatformResponse } from '../src/lib/http/events.ts';
import * as aws from './fixtures/events/aws/http-events.ts';
import * as other from './fixtures/events/aws/other-events.ts';
import {
  expectAlwaysHeaders,
  expectProblem,
  KEYS,
  lowerCased,
  settingsFor,
} from './support/gateway.ts';
import { startFunction, type FunctionProcess } from './support/processes.ts';

/** The function's entry: as the built bundle in a process of its own, and as a module in this one. */

function sample(name: string): Record<string, unknown> {
  return JSON.parse(readFileSync(new URL(`fixtures/events/${name}.json`, import.meta.url), 'utf8'));
}

const scfContext = sample('scf-context');

/** The same event from a caller with a key: in whatever maps it has header fields. */
function fromCaller<T extends object>(event: T, key: string = KEYS.both): T {
  const bare = Object.fromEntries(
    Object.entries(event).map(([name, value]) => {
      if (name !== 'headers' && name !== 'multiValueHeaders') return [name, value];
      const kept = Object.entries(Object(value)).filter(
        ([field]) => !/^(authorization|x-api-key)$/i.test(field),
      );
      const own = name === 'headers' ? key : [key];
      return [name, { ...Object.fromEntries(kept), 'X-Api-Key': own }];
    }),
  );
  return Object.assign({}, event, bare);
}

const FAMILIES: [string, object][] = [
  ['SCF function URL', sample('scf-function-url')],
  ['SCF function URL, compatible form', sample('scf-function-url-compatible')],
  ['SCF API gateway', { ...sample('scf-api-gateway'), queryString: { region: ['ap-guangzhou'] } }],
  ['REST API', aws.restApi],
  ['HTTP API, payload 1.0', aws.httpApiPayload1],
  ['HTTP API, payload 2.0', aws.httpApi],
  ['HTTP API, payload 2.0, named stage', aws.httpApiNamedStage],
  ['Lambda function URL', aws.functionUrl],
  ['ALB', aws.alb],
  ['ALB, multi-value headers', aws.albMultiValue],
];

/** The answer's fields, in whichever form it has them. */
function headersOf({
  headers,
  multiValueHeaders,
}: Pick<PlatformResponse, 'headers'> & {
  multiValueHeaders?: Readonly<Record<string, readonly string[]>>;
}): Record<string, string> {
  if (headers) return { ...headers };
  const lists = Object.entries(multiValueHeaders ?? {});
  expect(lists.every(([, values]) => values.length === 1)).toBe(true);
  return Object.fromEntries(lists.map(([name, values]) => [name, values.join()]));
}

let emulator: Emulator;
beforeAll(async () => {
  emulator = await startEmulator({ cancelMs: 0, rate: 100_000 });
});
afterEach(async () => emulator.reset());
afterAll(async () => emulator.close());

describe('the bundle, loaded as a platform loads it', () => {
  let bundle: FunctionProcess;
  beforeAll(async () => {
    bundle = await startFunction(settingsFor(emulator));
  });
  afterAll(async () => {
    await bundle.stop();
  });

  it.each(FAMILIES)('cancels for an event of %s, by either export', async (name, event) => {
    for (const exported of ['main_handler', 'handler'] as const) {
      await emulator.reset();
      emulator.addTasks({ id: aws.TASK_ID, state: 'running' });
      const response = await bundle.invoke(fromCaller(event), scfContext, exported);
      const headers = headersOf(response);
      expect(JSON.parse(response.body)).toEqual({
        taskId: aws.TASK_ID,
        region: 'ap-guangzhou',
        outcome: 'cancel_requested',
        requestId: scfContext['request_id'],
        upstreamRequestId: headers['X-Tc-Request-Id'],
      });
      expect(response).toMatchObject({ statusCode: 202, isBase64Encoded: false });
      expect(headers).toMatchObject({
        'Content-Type': 'application/json',
        'Retry-After': '1',
        'X-Request-Id': scfContext['request_id'],
      });
      expectAlwaysHeaders(headers);
      expect('multiValueHeaders' in response).toBe(name === 'ALB, multi-value headers');
      expect(emulator.stats().cancelled).toEqual([aws.TASK_ID]);
    }
  });

  it.each(FAMILIES)('tells an event of %s from nobody to authenticate', async (_, event) => {
    emulator.addTasks({ id: aws.TASK_ID, state: 'running' });
    const response = await bundle.invoke(fromCaller(event, 'not-a-key'));
    expectProblem(
      { status: response.statusCode, headers: headersOf(response), text: response.body },
      401,
      'unauthenticated',
    );
    expect(emulator.requests()).toEqual([]);
  });

  it('needs nothing but its own file, and writes one JSON object for each event', async () => {
    await bundle.invoke({ httpMethod: 'GET', path: '/healthz' });
    const line = await bundle.logged(({ route }) => route === '/healthz');
    // Two for each family above, one more for each to nobody, and this one; all but this have a record.
    const events = bundle.lines().map(({ event }) => event);
    expect(events.filter((event) => event === 'request')).toHaveLength(FAMILIES.length * 3 + 1);
    expect(events.filter((event) => event === 'audit')).toHaveLength(FAMILIES.length * 5);
    expect(new Set(events)).toEqual(new Set(['unrestricted-entry', 'request', 'audit']));
    expect(line).toMatchObject({ event: 'request', level: 'info', method: 'GET', status: 200 });
    expect(bundle.output.stderr).toBe('');
  });
});

describe('the module', () => {
  const written: string[] = [];
  const original = { ...process.env };
  let entry: typeof functionModule;

  beforeAll(() => {
    jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
      written.push(String(text));
      return true;
    });
  });
  afterEach(() => {
    written.length = 0;
  });
  afterAll(() => {
    jest.restoreAllMocks();
    restoreSettings();
  });

  function restoreSettings(): void {
    for (const name of Object.keys(process.env)) {
      if (!(name in original)) Reflect.deleteProperty(process.env, name);
    }
  }

  /** Loads the module anew: what it knows of its settings, it keeps. */
  async function load(settings: Record<string, string>): Promise<void> {
    jest.resetModules();
    restoreSettings();
    Object.assign(process.env, settings);
    entry = await import('../src/function.ts');
  }
  beforeAll(async () => load(settingsFor(emulator)));

  const ask = async (event: unknown, context?: unknown) => {
    const response = await entry.main_handler(event, context);
    return { status: response.statusCode, headers: headersOf(response), text: response.body };
  };
  const logged = (): Record<string, unknown>[] => written.map((text) => Object(JSON.parse(text)));

  it('has the same function under both names', async () => {
    expect(entry.handler).toBe(entry.main_handler);
  });

  it.each<[string, unknown]>([
    ...other.NO_REQUESTS,
    ['an authorizer, REQUEST', fromCaller(other.requestAuthorizer)],
    ['an authorizer of an HTTP API', fromCaller(other.requestAuthorizerV2)],
  ])("answers %s with a 400 and the platform's id", async (_, event) => {
    emulator.addTasks({ id: aws.TASK_ID, state: 'running' });
    const response = await ask(event, scfContext);
    const { requestId } = expectProblem(response, 400, 'invalid-request');
    expect(requestId).toBe(scfContext['request_id']);
    expect(logged().filter(({ event: name }) => name !== 'unrestricted-entry')).toMatchObject([
      { event: 'request', status: 400, platformRequestId: scfContext['request_id'] },
    ]);
    expect(emulator.requests()).toEqual([]);
  });

  it('answers HEAD without a body, whatever the answer is', async () => {
    for (const path of ['/healthz', '/nowhere', `/tasks/${aws.TASK_ID}`]) {
      const get = await ask({ httpMethod: 'GET', path, headers: { 'x-request-id': 'same' } });
      const head = await ask({ httpMethod: 'HEAD', path, headers: { 'x-request-id': 'same' } });
      expect(get.text).not.toBe('');
      expect(head).toEqual({ ...get, text: '' });
    }
  });

  it('answers whatever JSON arrives with a problem, and a task is never touched', async () => {
    const anything = fc.jsonValue({ maxDepth: 3 });
    await fc.assert(
      fc.asyncProperty(anything, anything, async (event, context) => {
        const response = await ask(event, context);
        expect(response.status).toBeGreaterThanOrEqual(400);
        expectAlwaysHeaders(response.headers);
        expect(lowerCased(response.headers)['content-type']).toBe('application/problem+json');
      }),
      { numRuns: 200 },
    );
    expect(emulator.requests()).toEqual([]);
  });

  it('lets the platform freeze the process with connections open, where the platform has a switch for it', async () => {
    const event = { httpMethod: 'GET', path: '/healthz' };
    const context = { ...scfContext };
    expect((await ask(event, context)).status).toBe(200);
    expect(context['callbackWaitsForEmptyEventLoop']).toBe(false);
    expect((await ask(event, Object.freeze({ ...scfContext }))).status).toBe(200);
    const fixed = Object.defineProperty({}, 'callbackWaitsForEmptyEventLoop', { value: true });
    expect((await ask(event, fixed)).status).toBe(200);
    const none = {};
    expect((await ask(event, none)).status).toBe(200);
    expect(none).toEqual({});
  });

  it.each<[string, unknown, number]>([
    ['no time left', () => 100, 504],
    ['less than none', () => -5, 504],
    ['plenty', () => 60_000, 202],
    ['no number', () => Number.NaN, 202],
    ['infinity', () => Infinity, 202],
    ['a text', () => '100', 202],
    ['no function', 100, 202],
  ])('ends before the platform does: %s', async (_, getRemainingTimeInMillis, status) => {
    emulator.addTasks({ id: aws.TASK_ID, state: 'running' });
    const response = await ask(fromCaller(aws.restApi), { getRemainingTimeInMillis });
    expect(response.status).toBe(status);
    expect(emulator.stats().cancelled).toHaveLength(status === 202 ? 1 : 0);
  });

  it('answers a problem with all header fields even where it fails itself', async () => {
    const getRemainingTimeInMillis = (): number => {
      throw new Error('no clock');
    };
    for (const event of [fromCaller(aws.alb), fromCaller(aws.albMultiValue)]) {
      const response = await ask(event, { getRemainingTimeInMillis });
      expectProblem(response, 500, 'internal-error');
      expect(response.text).not.toContain('no clock');
    }
    expect(logged().filter(({ event: name }) => name !== 'unrestricted-entry')).toMatchObject([
      { event: 'crash', level: 'error', stack: expect.stringContaining('no clock') },
      { event: 'crash' },
    ]);
    const hostile = new Proxy(
      {},
      {
        ownKeys() {
          throw Object('no error at all');
        },
      },
    );
    const response = await ask({ httpMethod: 'GET', path: '/', headers: hostile });
    expectProblem(response, 500, 'internal-error');
    expect(logged().at(-1)).toMatchObject({ event: 'crash', stack: 'no error at all' });
  });

  it('refuses every request while its settings are wrong, and serves once they are right', async () => {
    const { DLC_REGION: region = '', ...settings } = settingsFor(emulator);
    await load({ ...settings, PORT: 'x' });
    const event = { httpMethod: 'GET', path: '/healthz' };
    for (const any of [event, null, other.sqs, { ...event, path: '/nowhere' }]) {
      const response = await ask(any, scfContext);
      const { requestId } = expectProblem(response, 500, 'gateway-misconfigured');
      expect(requestId).toBe(scfContext['request_id']);
      expect(response.text).not.toMatch(/PORT|DLC_REGION/);
    }
    const reasons = logged().filter(({ event: name }) => name === 'wrong-setting');
    expect(reasons.map(({ reason }) => String(reason).split(':')[0])).toEqual([
      'DLC_REGION',
      'PORT',
    ]);
    Object.assign(process.env, { PORT: '9000', DLC_REGION: region });
    expect((await ask(event)).status).toBe(200);
  });
});
