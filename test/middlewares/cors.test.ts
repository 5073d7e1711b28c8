import { describe, expect, it } from '@jest/globals';

import type { Route } from '../../src/endpoint.ts';
import { isPreflight, withCors } from '../../src/middlewares/response.ts';
import { toHeaderFields, type HttpRequest } from '../../src/lib/http/message.ts';

const ORIGIN = 'https://app.example.org';
type Audience = Pick<Route, 'isForBrowsers' | 'isForSenders'> & Partial<Pick<Route, 'methods'>>;
const browsers: Audience = { isForBrowsers: true };
const senders: Audience = { isForSenders: true };
const probes: Audience = {};

function request(method: string, headers: Record<string, string>): HttpRequest {
  return {
    method,
    path: '/',
    query: [],
    headers: toHeaderFields(Object.entries(headers)),
    readBody: async () => Buffer.alloc(0),
  };
}

function never(): never {
  throw new Error('no request is served here');
}

const preflight = (origin: string): HttpRequest =>
  request('OPTIONS', { Origin: origin, 'Access-Control-Request-Method': 'DELETE' });

function corsHeaders(
  of: HttpRequest,
  route: Audience | undefined,
  origins: readonly string[] = [ORIGIN],
): Readonly<Record<string, string>> {
  const response = { status: 200, headers: { 'Content-Type': 'x' }, body: 'b' };
  const { status, body, headers } = withCors(of, response, new Set(origins), route);
  const { 'Content-Type': type, ...added } = headers;
  expect({ status, body, type }).toEqual({ status: 200, body: 'b', type: 'x' });
  return added;
}

const SHARED = {
  Vary: 'Origin',
  'Access-Control-Allow-Origin': ORIGIN,
  'Access-Control-Expose-Headers':
    'X-Request-Id, X-Tc-Request-Id, Retry-After, RateLimit, RateLimit-Policy, Preference-Applied, WWW-Authenticate, Allow',
};

describe('a preflight', () => {
  it('is an OPTIONS with an origin and the method that is asked for', () => {
    const both = { origin: ORIGIN, 'access-control-request-method': 'DELETE' };
    expect(isPreflight(request('OPTIONS', both))).toBe(true);
    expect(isPreflight(request('DELETE', both))).toBe(false);
    expect(isPreflight(request('OPTIONS', { origin: ORIGIN }))).toBe(false);
    expect(isPreflight(request('OPTIONS', { 'access-control-request-method': 'GET' }))).toBe(false);
  });

  it('of a configured origin learns what it may do; keys are not for browsers', () => {
    expect(corsHeaders(preflight(ORIGIN), browsers)).toEqual({
      Vary: 'Origin',
      'Access-Control-Allow-Origin': ORIGIN,
      'Access-Control-Allow-Methods': 'GET, DELETE',
      'Access-Control-Allow-Headers':
        'authorization, content-type, prefer, x-request-id, traceparent, tracestate, baggage',
      'Access-Control-Max-Age': '600',
    });
  });

  it('is allowed POST where the route has it', () => {
    const batches = { ...browsers, methods: { POST: { handle: () => never() } } };
    expect(corsHeaders(preflight(ORIGIN), batches)['Access-Control-Allow-Methods']).toBe(
      'GET, DELETE, POST',
    );
  });

  it.each<[string, Audience | undefined]>([
    ['a route for probes', probes],
    ['no route', undefined],
  ])('to %s is allowed nothing', (_, route) => {
    expect(corsHeaders(preflight(ORIGIN), route)).toEqual(SHARED);
  });
});

describe('an answer', () => {
  it.each<[string, Audience | undefined]>([
    ['a route for browsers', browsers],
    ['a route for probes', probes],
    ['no route', undefined],
  ])('of %s can be read by a configured origin', (_, route) => {
    expect(corsHeaders(request('GET', { origin: ORIGIN }), route)).toEqual(SHARED);
  });

  it.each([
    'https://evil.example.org',
    'https://app.example.org.evil.example',
    'https://APP.example.org',
    'http://app.example.org',
    `${ORIGIN}:443`,
    `${ORIGIN}/`,
    'null',
    '*',
    '',
    `${ORIGIN}, https://evil.example.org`,
  ])('says nothing but Vary to the origin "%s"', (origin) => {
    expect(corsHeaders(request('GET', { origin }), browsers)).toEqual({ Vary: 'Origin' });
    expect(corsHeaders(preflight(origin), browsers)).toEqual({ Vary: 'Origin' });
  });

  it('varies by origin where none was sent, too', () => {
    expect(corsHeaders(request('GET', {}), browsers)).toEqual({ Vary: 'Origin' });
  });

  it("of a sender's route says nothing but Vary", () => {
    expect(corsHeaders(request('POST', { origin: ORIGIN }), senders)).toEqual({ Vary: 'Origin' });
    expect(corsHeaders(preflight(ORIGIN), senders)).toEqual({ Vary: 'Origin' });
  });

  it('is left alone where no origin is configured', () => {
    expect(corsHeaders(request('GET', { origin: ORIGIN }), browsers, [])).toEqual({});
    expect(corsHeaders(preflight(ORIGIN), browsers, [])).toEqual({});
  });
});
