import { afterAll, beforeAll, expect } from '@jest/globals';
import { readFileSync } from 'node:fs';

import { exchangeRaw } from './http-client.ts';
import type { AnswerOf } from './gateway.ts';
import type { BuiltAnswer } from './built.ts';
import {
  startFunction,
  startServer,
  type FunctionProcess,
  type ListeningServer,
} from './processes.ts';

/** One request, sent as bytes to the server and as an event of two families to the function. */
export interface PlainRequest {
  readonly method?: string;
  /** As it is sent, the query with it. */
  readonly target: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: string;
}

/** Secrets of the platform, which it puts into header fields and into its context. */
const PLATFORM_HEADERS = Object.entries(fixture('scf-web-function-headers')).map(
  ([name, value]) => [name, String(value)] as const,
);
export const SCF_CONTEXT = fixture('scf-context');

function fixture(name: string): Record<string, unknown> {
  const file = new URL(`../fixtures/events/${name}.json`, import.meta.url);
  return Object(JSON.parse(readFileSync(file, 'utf8')));
}

/** The ways in which a request can reach a gateway. */
export type Way = 'server' | 'SCF event' | 'ALB event';
export const WAYS: readonly Way[] = ['server', 'SCF event', 'ALB event'];

export interface Gateways {
  readonly server: ListeningServer;
  readonly fn: FunctionProcess;
}

/** Registers a server and a function, as built, with these settings for the tests around. */
export function gatewaysWith(settings: Parameters<typeof startServer>[0]): () => Gateways {
  let gateways: Gateways;
  beforeAll(async () => {
    const [server, fn] = await Promise.all([startServer(settings), startFunction(settings)]);
    gateways = { server, fn };
  });
  afterAll(() => Promise.all([gateways.server.stop(), gateways.fn.stop()]));
  return () => gateways;
}

export async function ask(
  way: Way,
  { server, fn }: Gateways,
  request: PlainRequest,
): Promise<AnswerOf> {
  if (way === 'server') return askServer(server.port, request);
  const event = way === 'SCF event' ? toScfEvent(request) : toAlbEvent(request);
  return fromPlatform(await fn.invoke(event, SCF_CONTEXT));
}

/** A function's answer, in whichever form it has its header fields. */
export function fromPlatform(response: BuiltAnswer): AnswerOf {
  const { statusCode: status, headers, multiValueHeaders = {}, body: text } = response;
  const lists = Object.entries(multiValueHeaders);
  expect(lists.every(([, values]) => values.length === 1)).toBe(true);
  const single = Object.fromEntries(lists.map(([name, values]) => [name, values.join()]));
  return { status, headers: headers ?? single, text };
}

async function askServer(port: number, request: PlainRequest): Promise<AnswerOf> {
  const { method = 'GET', target, body = '' } = request;
  const fields = [
    ['Host', 'gateway.example'],
    ['Connection', 'close'],
    ...(body === '' ? [] : [['Content-Length', String(Buffer.byteLength(body, 'latin1'))]]),
    ...allHeaders(request),
  ].map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `${method} ${target} HTTP/1.1\r\n${fields.join('')}\r\n`;
  const responses = await exchangeRaw(port, head, body);
  const [response] = responses;
  if (!response || responses.length > 1) throw new Error(`${responses.length} answers`);
  return response;
}

function toScfEvent(request: PlainRequest): object {
  const { method = 'GET', target, body = '' } = request;
  const [path, query] = split(target);
  return {
    httpMethod: method,
    path,
    headers: grouped(allHeaders(request), (values) => (values.length > 1 ? values : values[0])),
    queryString: grouped([...new URLSearchParams(query)], (values) =>
      values.length > 1 ? values : values[0],
    ),
    body,
  };
}

function toAlbEvent(request: PlainRequest): object {
  const { method = 'GET', target, body = '' } = request;
  const [path, query] = split(target);
  const undecoded = query
    .split('&')
    .filter((part) => part !== '')
    .map((part) => [part.split('=')[0] ?? '', part.split('=').slice(1).join('=')] as const);
  return {
    requestContext: { elb: { targetGroupArn: 'arn:aws:elasticloadbalancing:x' } },
    httpMethod: method,
    path,
    multiValueHeaders: grouped(allHeaders(request), (values) => values),
    multiValueQueryStringParameters: grouped(undecoded, (values) => values),
    body: Buffer.from(body, 'latin1').toString('base64'),
    isBase64Encoded: true,
  };
}

function allHeaders({ headers = [] }: PlainRequest): (readonly [string, string])[] {
  return [...headers, ...PLATFORM_HEADERS];
}

function split(target: string): [path: string, query: string] {
  const mark = target.indexOf('?');
  return mark < 0 ? [target, ''] : [target.slice(0, mark), target.slice(mark + 1)];
}

function grouped<T>(
  pairs: readonly (readonly [string, string])[],
  toValue: (values: string[]) => T,
): Record<string, T> {
  const groups = new Map<string, string[]>();
  for (const [name, value] of pairs) groups.set(name, [...(groups.get(name) ?? []), value]);
  return Object.fromEntries([...groups].map(([name, values]) => [name, toValue(values)]));
}
