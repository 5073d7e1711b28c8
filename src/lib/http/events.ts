import { Problem } from '../problems.ts';
import {
  toHeaderFields,
  unionOfValues,
  type HttpRequest,
  type HttpResponse,
  scfRequestId,
} from './message.ts';

/**
 * Platform events in, one request type out: a small converter for each family of events.
 *
 * Sources: Tencent's documentation of SCF function URLs and API gateway triggers; the types of
 * `@types/aws-lambda`. An event is data from outside: nothing in it is trusted to have a type.
 */

type Json = Readonly<Record<string, unknown>>;
type Pairs = (readonly [string, string])[];
type Converter = (event: Json) => Omit<HttpRequest, 'readBody' | 'platformRequestId'>;

/**
 * Converts an event of any known family.
 *
 * @param event what the platform handed to the function
 * @param context its second argument; only the request's id is read
 * @throws Problem `invalid-request` if the event is no HTTP request
 */
export function toHttpRequest(event: unknown, context: unknown): HttpRequest {
  if (!isObject(event) || isAuthorizer(event)) throw notHttp();
  const request = converterFor(event)(event);
  const isScf = process.env['TENCENTCLOUD_RUNENV'] === 'SCF';
  const ofHeader = isScf ? scfRequestId(request.headers) : undefined;
  const id = platformRequestId(event, context) ?? ofHeader;
  return {
    ...request,
    bodyBytes: bodyBytesOf(event),
    ...(id !== undefined && { platformRequestId: id }),
    readBody: async (limit) => bodyOf(event, limit),
  };
}

/** The platform's id of what it handed over, be it an HTTP request or not. */
export function platformRequestId(event: unknown, context: unknown): string | undefined {
  const { request_id: ofScf, awsRequestId: ofLambda } = objectOf(context);
  const { requestId: ofGateway } = objectOf(objectOf(event)['requestContext']);
  return [ofScf, ofLambda, ofGateway].find((id) => typeof id === 'string');
}

/** ALB wants `multiValueHeaders` back if it sends them; every other family wants `headers`. */
export function wantsMultiValueHeaders(event: unknown): boolean {
  return isObject(event) && isAlb(event) && isObject(event['multiValueHeaders']);
}

/** What SCF and Lambda expect from a function that serves HTTP. */
export interface PlatformResponse {
  statusCode: number;
  headers?: Readonly<Record<string, string>>;
  multiValueHeaders?: Readonly<Record<string, string[]>>;
  body: string;
  isBase64Encoded: false;
}

/** `multiValue`: in the form that an ALB with multi-value headers takes, which ignores `headers`. */
export function toPlatformResponse(response: HttpResponse, multiValue: boolean): PlatformResponse {
  const { status: statusCode, headers, body } = response;
  if (!multiValue) return { statusCode, headers, body, isBase64Encoded: false };
  const multiValueHeaders = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, [value]]),
  );
  return { statusCode, multiValueHeaders, body, isBase64Encoded: false };
}

function converterFor(event: Json): Converter {
  if (event['version'] === '2.0') return fromLambdaV2;
  if (event['version'] === '1.0') return fromLambdaRest;
  if (isAlb(event)) return fromAlb;
  if ('multiValueHeaders' in event || 'multiValueQueryStringParameters' in event) {
    return fromLambdaRest;
  }
  return fromScf;
}

/**
 * SCF function URL in both its forms, and SCF API gateway triggers (`isBase64Encoded` may be text). The
 * query is in `queryString`; what only the other map has is seen too, and then refused.
 */
const fromScf: Converter = (event) => ({
  method: text(event['httpMethod']),
  path: text(event['path']),
  headers: headersOf(event),
  query: unionOfValues(queryOf(event['queryStringParameters']), queryOf(event['queryString'])),
});

/**
 * API Gateway REST API, and HTTP API with payload format 1.0 (which alone has a `version`): both maps of
 * headers and query. The latter has the stage in front of the path.
 */
const fromLambdaRest: Converter = (event) => ({
  method: text(event['httpMethod']),
  path:
    event['version'] === '1.0'
      ? withoutStage(text(event['path']), objectOf(event['requestContext'])['stage'])
      : text(event['path']),
  headers: headersOf(event),
  query: unionOfValues(
    queryOf(event['queryStringParameters']),
    queryOf(event['multiValueQueryStringParameters']),
  ),
});

/** Application Load Balancer: like REST, but paths and queries arrive as they were sent. */
const fromAlb: Converter = (event) => {
  const request = fromLambdaRest(event);
  const decoded = request.query.map(([name, value]) => [decode(name), decode(value)] as const);
  return { ...request, query: decoded };
};

/** HTTP API and Lambda function URL, payload format 2.0: `rawPath` has the stage in front. */
const fromLambdaV2: Converter = (event) => {
  const { http, stage } = objectOf(event['requestContext']);
  return {
    method: text(objectOf(http)['method']),
    path: withoutStage(text(event['rawPath']), stage),
    headers: headersOf(event),
    query:
      typeof event['rawQueryString'] === 'string'
        ? [...new URLSearchParams(event['rawQueryString'])]
        : queryOf(event['queryStringParameters']),
  };
};

function withoutStage(rawPath: string, stage: unknown): string {
  if (typeof stage !== 'string' || stage === '$default') return rawPath;
  return rawPath.startsWith(`/${stage}/`) ? rawPath.slice(stage.length + 1) : rawPath;
}

function headersOf(event: Json): HttpRequest['headers'] {
  const all = unionOfValues(
    lowerCased(pairsOf(event['headers'])),
    lowerCased(pairsOf(event['multiValueHeaders'])),
  );
  const fields = new Map(toHeaderFields(all));
  // The platforms' own maps disagree on Host, which nothing here is decided by.
  const [host] = fields.get('host') ?? [];
  if (host !== undefined) fields.set('host', [host]);
  return fields;
}

function bodyOf(event: Json, limit: number): Buffer {
  if (bodyBytesOf(event) > limit) throw new Problem('payload-too-large');
  const { text: body, encoding } = encodedBody(event);
  return Buffer.from(body, encoding);
}

/** Measured before anything is decoded. */
function bodyBytesOf(event: Json): number {
  const { text: body, encoding } = encodedBody(event);
  return Buffer.byteLength(body, encoding);
}

function encodedBody(event: Json): { text: string; encoding: 'base64' | 'utf8' } {
  const body = event['body'] ?? '';
  if (typeof body !== 'string') throw notHttp();
  const isBase64 = event['isBase64Encoded'] === true || event['isBase64Encoded'] === 'true';
  return { text: body, encoding: isBase64 ? 'base64' : 'utf8' };
}

/** An API gateway's question whether a request may pass is not that request: it must not cancel. */
function isAuthorizer(event: Json): boolean {
  return (
    event['type'] === 'REQUEST' ||
    event['type'] === 'TOKEN' ||
    'methodArn' in event ||
    'routeArn' in event
  );
}

function isAlb(event: Json): boolean {
  return isObject(objectOf(event['requestContext'])['elb']);
}

/** A parameter without a value is still there, however its platform writes that. */
function queryOf(map: unknown): Pairs {
  if (!isObject(map)) return pairsOf(map);
  return pairsOf(
    Object.fromEntries(Object.entries(map).map(([name, value]) => [name, value ?? true])),
  );
}

/** A map's entries, flat: a value may be text, a list of texts, or `true` for a name without a value. */
function pairsOf(map: unknown): Pairs {
  if (map === undefined || map === null) return [];
  if (!isObject(map)) throw notHttp();
  return Object.entries(map).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).flatMap((one) => pairOf(name, one)),
  );
}

function pairOf(name: string, value: unknown): Pairs {
  if (value === undefined || value === null) return [];
  if (value === true) return [[name, '']];
  if (typeof value === 'string') return [[name, value]];
  if (typeof value === 'number' || typeof value === 'boolean') return [[name, String(value)]];
  throw notHttp();
}

function lowerCased(pairs: Pairs): Pairs {
  return pairs.map(([name, value]) => [name.toLowerCase(), value] as const);
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value.replaceAll('+', ' '));
  } catch {
    return value;
  }
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw notHttp();
  return value;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function objectOf(value: unknown): Json {
  return isObject(value) ? value : {};
}

function notHttp(): Problem {
  return new Problem('invalid-request', { detail: 'This event is not an HTTP request.' });
}
