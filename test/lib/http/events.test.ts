import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { readFileSync } from 'node:fs';

import { Problem } from '../../../src/lib/problems.ts';
import { toHttpRequest, toPlatformResponse } from '../../../src/lib/http/events.ts';
import * as http from '../../fixtures/events/aws/http-events.ts';
import * as other from '../../fixtures/events/aws/other-events.ts';

function sample(name: string): Record<string, unknown> {
  return JSON.parse(
    readFileSync(new URL(`../../fixtures/events/${name}.json`, import.meta.url), 'utf8'),
  );
}

const scfFunctionUrl = sample('scf-function-url');
const scfCompatible = sample('scf-function-url-compatible');
const scfApiGateway = sample('scf-api-gateway');
const scfContext = sample('scf-context');

const lambdaContext = { awsRequestId: 'a1b2c3d4-lambda', functionName: 'f' };

const hasMultiValueHeaders = (event: unknown): boolean => {
  const response = { status: 204, headers: { A: 'b' }, body: '' };
  const { headers, multiValueHeaders } = toPlatformResponse(response, event);
  expect(headers ?? multiValueHeaders).toEqual({ A: headers ? 'b' : ['b'] });
  return headers === undefined;
};

describe('every family of HTTP events becomes the same request', () => {
  const families: [string, unknown, { key?: string; region?: string[] }][] = [
    ['SCF function URL', scfFunctionUrl, {}],
    ['SCF function URL, compatible form', scfCompatible, {}],
    ['SCF API gateway', scfApiGateway, { region: ['ap-guangzhou', 'ap-singapore'] }],
    ['REST API', http.restApi, { key: 'KEY' }],
    ['HTTP API, payload 1.0', http.httpApiPayload1, { key: 'KEY' }],
    ['HTTP API, payload 2.0', http.httpApi, { key: 'KEY' }],
    ['HTTP API, payload 2.0, named stage', http.httpApiNamedStage, { key: 'KEY' }],
    ['Lambda function URL', http.functionUrl, { key: 'KEY' }],
    ['ALB', http.alb, { key: 'KEY' }],
    ['ALB, multi-value headers', http.albMultiValue, { key: 'KEY' }],
  ];

  it.each(families)('%s', async (_, event, { key, region = ['ap-guangzhou'] }) => {
    const request = toHttpRequest(event, undefined);
    expect(request).toMatchObject({ method: 'DELETE', path: `/tasks/${http.TASK_ID}` });
    expect(request.query.filter(([name]) => name === 'region')).toEqual(
      region.map((value) => ['region', value]),
    );
    expect([...request.headers.keys()].filter((name) => name !== name.toLowerCase())).toEqual([]);
    expect([...request.headers.values()].every((values) => values.length === 1)).toBe(true);
    expect(request.headers.get(key ? 'x-api-key' : 'authorization')).toEqual([
      key ?? 'Bearer TOKEN',
    ]);
    expect(await request.readBody(0, false)).toEqual(Buffer.alloc(0));
  });

  it.each(families)('%s: is left as it was', (_, event) => {
    const before = JSON.stringify(event);
    toHttpRequest(event, scfContext);
    expect(JSON.stringify(event)).toBe(before);
  });

  it('only ALB with multi-value headers is answered with them', () => {
    const wanting = families.filter(([, event]) => hasMultiValueHeaders(event));
    expect(wanting.map(([name]) => name)).toEqual(['ALB, multi-value headers']);
    expect([null, [], 'x', other.sqs].some(hasMultiValueHeaders)).toBe(false);
  });
});

describe('the query', () => {
  it.each<[string, object, [string, string][]]>([
    [
      'SCF: repeated, and valueless as true',
      { ...scfApiGateway },
      [
        ['region', 'ap-guangzhou'],
        ['region', 'ap-singapore'],
        ['flag', ''],
      ],
    ],
    ['SCF: none', { ...scfFunctionUrl, queryString: {} }, []],
    ['SCF: no such member', { httpMethod: 'GET', path: '/' }, []],
    [
      'SCF: the same in both maps',
      { ...scfFunctionUrl, queryString: { a: 'b' }, queryStringParameters: { a: 'b' } },
      [['a', 'b']],
    ],
    [
      'SCF: another value in the other map',
      { ...scfFunctionUrl, queryString: { a: 'b' }, queryStringParameters: { a: 'c' } },
      [
        ['a', 'b'],
        ['a', 'c'],
      ],
    ],
    [
      'SCF: only queryStringParameters',
      { httpMethod: 'GET', path: '/', queryStringParameters: { a: 'b' } },
      [['a', 'b']],
    ],
    [
      'SCF: a value of null',
      { ...scfFunctionUrl, queryString: { regoin: null } },
      [['regoin', '']],
    ],
    [
      'SCF: numbers and booleans',
      { ...scfFunctionUrl, queryString: { a: 5, b: false } },
      [
        ['a', '5'],
        ['b', 'false'],
      ],
    ],
    [
      'REST: null',
      { ...http.restApi, queryStringParameters: null, multiValueQueryStringParameters: null },
      [],
    ],
    [
      'REST: repeated',
      {
        ...http.restApi,
        queryStringParameters: { region: 'b' },
        multiValueQueryStringParameters: { region: ['a', 'b'] },
      },
      [
        ['region', 'a'],
        ['region', 'b'],
      ],
    ],
    [
      'REST: repeated alike',
      {
        ...http.restApi,
        multiValueQueryStringParameters: { region: ['ap-guangzhou', 'ap-guangzhou'] },
      },
      [
        ['region', 'ap-guangzhou'],
        ['region', 'ap-guangzhou'],
      ],
    ],
    [
      'REST: in one map alone',
      { ...http.restApi, multiValueQueryStringParameters: { a: ['1'] } },
      [
        ['a', '1'],
        ['region', 'ap-guangzhou'],
      ],
    ],
    [
      'REST: decoded already',
      {
        ...http.restApi,
        queryStringParameters: { a: '%41+' },
        multiValueQueryStringParameters: null,
      },
      [['a', '%41+']],
    ],
    [
      'v2: repeated, valueless, encoded',
      { ...http.httpApi, rawQueryString: 'region=a&region=b&flag&x=%2541+y&%61=' },
      [
        ['region', 'a'],
        ['region', 'b'],
        ['flag', ''],
        ['x', '%41 y'],
        ['a', ''],
      ],
    ],
    ['v2: none', { ...http.httpApi, rawQueryString: '' }, []],
    [
      'v2: only the map',
      { ...http.httpApi, rawQueryString: undefined },
      [['region', 'ap-guangzhou']],
    ],
    [
      'ALB: encoded',
      { ...http.alb, queryStringParameters: { 're%67ion': 'ap%2Dguangzhou', a: '%2541+b' } },
      [
        ['region', 'ap-guangzhou'],
        ['a', '%41 b'],
      ],
    ],
    [
      'ALB: encoded badly, left as it is',
      { ...http.alb, queryStringParameters: { a: '%E0%A4%A' } },
      [['a', '%E0%A4%A']],
    ],
    [
      'ALB: repeated',
      { ...http.albMultiValue, multiValueQueryStringParameters: { region: ['a', 'b'] } },
      [
        ['region', 'a'],
        ['region', 'b'],
      ],
    ],
  ])('%s', (_, event, query) => {
    expect(toHttpRequest(event, undefined).query).toEqual(query);
  });
});

describe('the path', () => {
  it.each<[string, object, string]>([
    ['is left encoded', { ...http.restApi, path: '/tasks/a%2fb' }, '/tasks/a%2fb'],
    ['of v2 has its stage taken off', http.httpApiNamedStage, `/tasks/${http.TASK_ID}`],
    [
      'of v2 has its stage taken off once',
      { ...http.httpApiNamedStage, rawPath: '/prod/prod/x' },
      '/prod/x',
    ],
    [
      'of v2 is left alone where it only begins like the stage',
      { ...http.httpApiNamedStage, rawPath: '/production/x' },
      '/production/x',
    ],
    [
      'of v2 with a custom domain has no stage',
      { ...http.httpApiNamedStage, rawPath: '/tasks/x' },
      '/tasks/x',
    ],
    [
      'of v2 is left alone without a stage',
      {
        ...http.httpApi,
        rawPath: '/undefined/healthz',
        requestContext: { http: { method: 'GET' } },
      },
      '/undefined/healthz',
    ],
    [
      'of v2 may begin with what looks like the default stage',
      { ...http.httpApi, rawPath: '/$default/healthz' },
      '/$default/healthz',
    ],
    [
      'of v2 survives a stage that is no text',
      { ...http.httpApi, requestContext: { http: { method: 'GET' }, stage: { toString: 5 } } },
      `/tasks/${http.TASK_ID}`,
    ],
  ])('%s', (_, event, path) => {
    expect(toHttpRequest(event, undefined).path).toBe(path);
  });
});

describe('header fields', () => {
  const fields = (headers: unknown, multiValueHeaders?: unknown): unknown =>
    toHttpRequest({ httpMethod: 'GET', path: '/', headers, multiValueHeaders }, undefined).headers;

  it('keep a second value, under whatever case of the name or in whatever map', () => {
    expect(fields({ 'X-API-Key': 'a', 'x-api-key': 'b' })).toEqual(
      new Map([['x-api-key', ['a', 'b']]]),
    );
    expect(fields({ 'X-API-Key': 'a' }, { 'x-api-KEY': ['b'] })).toEqual(
      new Map([['x-api-key', ['b', 'a']]]),
    );
    expect(fields({ prefer: ['a', 'b'] })).toEqual(new Map([['prefer', ['a', 'b']]]));
    expect(fields({}, { prefer: ['a', 'a'] })).toEqual(new Map([['prefer', ['a', 'a']]]));
  });

  it('count once what stands in both maps', () => {
    expect(fields({ 'X-API-Key': 'a' }, { 'x-api-key': ['a'] })).toEqual(
      new Map([['x-api-key', ['a']]]),
    );
  });

  it('have one Host, on which the maps of platforms disagree', () => {
    expect(fields({ Host: 'a' }, { host: ['b'] })).toEqual(new Map([['host', ['b']]]));
  });

  it('may be missing, or null', () => {
    expect(fields(undefined)).toEqual(new Map());
    expect(fields(null, null)).toEqual(new Map());
    expect(fields({ authorization: null })).toEqual(new Map());
  });

  const values = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 3 });
  const name = fc.constantFrom('X-API-Key', 'x-api-key', 'X-Api-Key', 'X-API-KEY', '__proto__');

  it('show a second value wherever it hides', () => {
    const maps = fc.tuple(fc.dictionary(name, values), fc.dictionary(name, values));
    fc.assert(
      fc.property(maps, ([headers, multiValueHeaders]) => {
        const event = { httpMethod: 'GET', path: '/', headers, multiValueHeaders };
        const seen = toHttpRequest(event, undefined).headers;
        for (const field of ['x-api-key', '__proto__']) {
          const all = [headers, multiValueHeaders].map((map) =>
            Object.entries(map).flatMap(([key, some]) => (key.toLowerCase() === field ? some : [])),
          );
          for (const value of ['a', 'b', 'c']) {
            const counts = all.map((list) => list.filter((one) => one === value).length);
            const found = (seen.get(field) ?? []).filter((one) => one === value);
            expect(found).toHaveLength(Math.max(...counts));
          }
        }
      }),
    );
  });
});

describe('the body', () => {
  const read = (body: unknown, isBase64Encoded: unknown, limit = 100): Promise<Buffer> =>
    toHttpRequest({ httpMethod: 'POST', path: '/', body, isBase64Encoded }, undefined).readBody(
      limit,
      false,
    );

  it('is the bytes of its text, or what base64 stands for', async () => {
    expect((await read('é', false)).toString('hex')).toBe('c3a9');
    expect((await read('é', 'false')).toString('hex')).toBe('c3a9');
    expect((await read('AP8=', true)).toString('hex')).toBe('00ff');
    expect((await read('AP8=', 'true')).toString('hex')).toBe('00ff');
    expect((await read('AP8=', undefined)).toString()).toBe('AP8=');
    expect(await read(null, false)).toHaveLength(0);
    expect(await read(undefined, undefined)).toHaveLength(0);
  });

  it('is measured in bytes, before and after decoding', async () => {
    expect(await read('x'.repeat(100), false)).toHaveLength(100);
    await expect(read('x'.repeat(101), false)).rejects.toMatchObject({ code: 'payload-too-large' });
    await expect(read('é'.repeat(51), false)).rejects.toMatchObject({ code: 'payload-too-large' });
    for (const length of [98, 99, 100]) {
      expect(await read(Buffer.alloc(length).toString('base64'), true)).toHaveLength(length);
    }
    for (const length of [101, 102, 1_000_000]) {
      const body = Buffer.alloc(length).toString('base64');
      await expect(read(body, 'true')).rejects.toMatchObject({ code: 'payload-too-large' });
    }
  });

  it('that is no text makes the event no HTTP request', async () => {
    for (const body of [{ a: 1 }, 5]) {
      const { refusal } = toHttpRequest({ httpMethod: 'POST', path: '/', body }, undefined);
      expect(refusal?.code).toBe('invalid-request');
    }
  });
});

describe("the platform's id of a request", () => {
  it.each<[string, unknown, unknown, string | undefined]>([
    ["SCF's context", scfFunctionUrl, scfContext, '0d1f4a1a-6f1c-4d5b-8a29-2f1f2f6d6d11'],
    ["Lambda's context", http.restApi, lambdaContext, 'a1b2c3d4-lambda'],
    ["the event's own context", http.restApi, undefined, 'c6af9ac6-7b61-11e6-9a41-93e8deadbeef'],
    ["SCF's header field elsewhere, where it is a caller's", scfFunctionUrl, undefined, undefined],
    ['none', { httpMethod: 'GET', path: '/' }, undefined, undefined],
    [
      'an id of another type, then the next',
      http.restApi,
      { request_id: 5, awsRequestId: null },
      'c6af9ac6-7b61-11e6-9a41-93e8deadbeef',
    ],
  ])('%s', (_, event, context, id) => {
    expect(toHttpRequest(event, context).platformRequestId).toBe(id);
  });

  it("is in SCF's header field on SCF alone", () => {
    const before = process.env['TENCENTCLOUD_RUNENV'];
    process.env['TENCENTCLOUD_RUNENV'] = 'SCF';
    const { platformRequestId: id } = toHttpRequest(scfFunctionUrl, undefined);
    if (before === undefined) delete process.env['TENCENTCLOUD_RUNENV'];
    else process.env['TENCENTCLOUD_RUNENV'] = before;
    expect(id).toBe('c3b3a3e4-b67f-11f0-9795-525400d4c756');
  });

  it('is known of what is no HTTP request too', () => {
    const idOf = (event: unknown, context: unknown) =>
      toHttpRequest(event, context).platformRequestId;
    expect(idOf(other.sqs, scfContext)).toBe(scfContext['request_id']);
    expect(idOf(null, lambdaContext)).toBe('a1b2c3d4-lambda');
    expect(idOf(null, null)).toBeUndefined();
  });
});

describe('what is no HTTP request', () => {
  const httpLike = { httpMethod: 'DELETE', path: '/tasks/x' };

  it.each<[string, unknown]>([
    ...other.NO_REQUESTS,
    ['a list of requests', [scfFunctionUrl]],
    ['{}', {}],
    ['an authorizer, REQUEST', other.requestAuthorizer],
    ['an authorizer of an HTTP API', other.requestAuthorizerV2],
    ['type REQUEST alone', { ...httpLike, type: 'REQUEST' }],
    ['type TOKEN alone', { ...httpLike, type: 'TOKEN' }],
    ['methodArn alone', { ...httpLike, methodArn: null }],
    ['routeArn alone', { ...http.httpApi, routeArn: '' }],
    ['a method that is no text', { httpMethod: 5, path: '/' }],
    ['no method', { path: '/tasks/x' }],
    ['no path', { httpMethod: 'DELETE' }],
    ['v2 without a method', { ...http.httpApi, requestContext: {} }],
    ['v2 whose context is no object', { ...http.httpApi, requestContext: 'x' }],
    ['v2 without a path', { ...http.httpApi, rawPath: undefined }],
    [
      'v2 of VPC Lattice',
      { version: '2.0', path: '/tasks/x', method: 'DELETE', headers: {}, requestContext: {} },
    ],
    ['headers that are a list', { ...httpLike, headers: [] }],
    ['headers that are text', { ...httpLike, headers: 'x-api-key: k' }],
    ['a header that is an object', { ...httpLike, headers: { a: {} } }],
    ['a header in lists of lists', { ...httpLike, headers: { a: [['b']] } }],
    ['a query that is text', { ...httpLike, queryString: 'region=x' }],
    ['a query with an object', { ...httpLike, queryString: { region: {} } }],
  ])('%s is refused', (_, event) => {
    const { refusal, method, path } = toHttpRequest(event, undefined);
    expect([refusal?.code, method, path]).toEqual(['invalid-request', '', '']);
  });

  const anything = fc.jsonValue({ maxDepth: 4 });
  const known = fc.record(
    {
      httpMethod: anything,
      path: anything,
      headers: anything,
      multiValueHeaders: anything,
      queryString: anything,
      queryStringParameters: anything,
      multiValueQueryStringParameters: anything,
      requestContext: fc.oneof(
        anything,
        fc.record(
          { http: anything, stage: anything, elb: anything, requestId: anything },
          { requiredKeys: [] },
        ),
      ),
      version: fc.oneof(anything, fc.constant('2.0'), fc.constant('1.0')),
      rawPath: anything,
      rawQueryString: anything,
      body: anything,
      isBase64Encoded: anything,
    },
    { requiredKeys: [] },
  );

  it('is never anything but a problem, whatever JSON arrives', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(anything, known), anything, async (event, context) => {
        try {
          await toHttpRequest(event, context).readBody(10, false);
        } catch (error) {
          expect(error).toBeInstanceOf(Problem);
        }
        hasMultiValueHeaders(event);
      }),
      { numRuns: 500 },
    );
  });
});
