import { Problem } from '../problems.ts';
import {
  refusedRequest,
  scfRequestId,
  toHeaderFields,
  type HttpRequest,
  type HttpResponse,
  type Pairs,
} from './message.ts';

/**
 * Platform events in, one request type out. Sources: Tencent's documentation of SCF function URLs and API
 * gateway triggers; the types of `@types/aws-lambda`. Nothing in an event is trusted to have a type.
 */

type Json = Readonly<Record<string, unknown>>;

/**
 * Converts an event of any known family. What is no HTTP request has a `refusal`.
 *
 * @param event what the platform handed to the function
 * @param context its second argument; only the request's id is read
 */
export function toHttpRequest(event: unknown, context: unknown): HttpRequest {
  const { request_id: ofScf, awsRequestId: ofLambda } = objectOf(context);
  const { requestId: ofGateway } = objectOf(objectOf(event)['requestContext']);
  const platformRequestId = [ofScf, ofLambda, ofGateway].find((id) => typeof id === 'string');
  try {
    const request = convert(event);
    return { ...request, platformRequestId: platformRequestId ?? scfRequestId(request.headers) };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return refusedRequest(error, platformRequestId);
  }
}

/** @throws Problem `invalid-request` if the event is no HTTP request */
function convert(event: unknown): HttpRequest {
  if (!isObject(event) || isAuthorizer(event)) throw notHttp();
  const { http, stage } = objectOf(event['requestContext']);
  const isV2 = event['version'] === '2.0';
  const path = text(event[isV2 ? 'rawPath' : 'path']);
  return {
    method: text(isV2 ? objectOf(http)['method'] : event['httpMethod']),
    // HTTP APIs alone have a version, and the stage in front of the path.
    path: isV2 || event['version'] === '1.0' ? withoutStage(path, stage) : path,
    query: queryOf(event),
    headers: headersOf(event),
    ...bodyOf(event),
  };
}

/** What SCF and Lambda expect from a function that serves HTTP. */
export interface PlatformResponse {
  statusCode: number;
  headers?: Readonly<Record<string, string>>;
  multiValueHeaders?: Readonly<Record<string, string[]>>;
  body: string;
  isBase64Encoded: false;
}

/** @param event that of the request: an ALB that sends `multiValueHeaders` takes nothing else back */
export function toPlatformResponse(response: HttpResponse, event: unknown): PlatformResponse {
  const { status: statusCode, headers, body } = response;
  const isMultiValue = isObject(event) && isAlb(event) && isObject(event['multiValueHeaders']);
  if (!isMultiValue) return { statusCode, headers, body, isBase64Encoded: false };
  const arrays = Object.entries(headers).map(([name, value]) => [name, [value]]);
  const multiValueHeaders = Object.fromEntries(arrays);
  return { statusCode, multiValueHeaders, body, isBase64Encoded: false };
}

function withoutStage(path: string, stage: unknown): string {
  const prefix = typeof stage === 'string' && stage !== '$default' ? `/${stage}` : '';
  return path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : path;
}

/** SCF has `queryString`, REST APIs and ALB have both of the others; a value in any of them counts. */
function queryOf(event: Json): Pairs {
  const { version, rawQueryString: raw } = event;
  if (version === '2.0' && typeof raw === 'string') return [...new URLSearchParams(raw)];
  // A parameter without a value is still there, however its platform writes that.
  const of = (name: string): Pairs => pairsOf(event[name], '');
  const all = [...of('multiValueQueryStringParameters'), ...of('queryString')];
  const query = unionOfValues(of('queryStringParameters'), all);
  // ALB alone passes the query on as it was sent.
  return isAlb(event) ? query.map(([name, value]) => [decode(name), decode(value)]) : query;
}

function headersOf(event: Json): HttpRequest['headers'] {
  const of = (name: string): Pairs =>
    pairsOf(event[name]).map(([field, value]) => [field.toLowerCase(), value]);
  const fields = new Map(toHeaderFields(unionOfValues(of('headers'), of('multiValueHeaders'))));
  // The platforms' own maps disagree on Host, which nothing here is decided by.
  const [host] = fields.get('host') ?? [];
  if (host !== undefined) fields.set('host', [host]);
  return fields;
}

/**
 * Puts two maps of the same fields together, as platforms give them (one value per name, and all
 * values per name): a value that stands in both counts once, one that stands twice in either counts
 * twice. So a second value is seen in either map.
 */
function unionOfValues(first: Pairs, second: Pairs): Pairs {
  const copies = new Map<string, number>();
  const count = (pair: Pairs[number], change: 1 | -1): number => {
    const key = JSON.stringify(pair);
    const left = (copies.get(key) ?? 0) + change;
    copies.set(key, left);
    return left;
  };
  for (const pair of second) count(pair, 1);
  return [...second, ...first.filter((pair) => count(pair, -1) < 0)];
}

/** Measured before anything is decoded. */
function bodyOf(event: Json): Pick<HttpRequest, 'bodyBytes' | 'readBody'> {
  const body = text(event['body'] ?? '');
  const { isBase64Encoded } = event;
  // API gateway triggers of SCF write it as text.
  const encoding = isBase64Encoded === true || isBase64Encoded === 'true' ? 'base64' : 'utf8';
  const bodyBytes = Buffer.byteLength(body, encoding);
  return {
    bodyBytes,
    async readBody(limit) {
      if (bodyBytes > limit) throw new Problem('payload-too-large');
      return Buffer.from(body, encoding);
    },
  };
}

/** An API gateway's question whether a request may pass is not that request: it must not cancel. */
function isAuthorizer(event: Json): boolean {
  const { type } = event;
  return type === 'REQUEST' || type === 'TOKEN' || 'methodArn' in event || 'routeArn' in event;
}

function isAlb(event: Json): boolean {
  return isObject(objectOf(event['requestContext'])['elb']);
}

/** A map's entries, flat. @param absent what stands for `null`; by default, nothing is there */
function pairsOf(map: unknown, absent?: string): Pairs {
  if (map !== undefined && map !== null && !isObject(map)) throw notHttp();
  return Object.entries(map ?? {}).flatMap(([name, value]) =>
    [value ?? absent]
      .flat()
      .filter((one) => one !== undefined && one !== null)
      .map((one) => [name, valueOf(one)] as const),
  );
}

function valueOf(value: unknown): string {
  // A name without a value.
  if (value === true) return '';
  return text(typeof value === 'number' || value === false ? String(value) : value);
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
