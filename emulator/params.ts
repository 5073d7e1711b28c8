import { ApiError } from './envelope.ts';
import { headerValues } from './signature.ts';
import type { SignedRequest } from './signature.ts';

/** An action's parameters, not checked yet. */
export type Params = Readonly<Record<string, unknown>>;

/** In a query string everything is text; these are the numbers among our actions' parameters. */
const integerParams: ReadonlySet<string> = new Set(['Limit', 'Offset']);

/**
 * Reads an action's parameters: JSON with POST, dotted names (`Filters.0.Name`) with GET.
 *
 * @throws ApiError InvalidRequest for another content type, InvalidParameter for a body that is no JSON
 *   object, UnsupportedProtocol for another method
 */
export function readParams(request: SignedRequest): Params {
  const type = headerValues(request.rawHeaders, 'content-type')[0]?.split(';')[0]?.trim() ?? '';
  if (request.method === 'POST') {
    requireType(type, 'application/json');
    return parseBody(request.body);
  }
  if (request.method === 'GET') {
    requireType(type, 'application/x-www-form-urlencoded');
    return parseQuery(request.query);
  }
  throw new ApiError('UnsupportedProtocol');
}

/** @throws ApiError UnknownParameter for a parameter that the action does not have */
export function requireKnown(params: Params, names: ReadonlySet<string>): void {
  for (const name of Object.keys(params)) {
    if (!names.has(name)) {
      throw new ApiError('UnknownParameter', `The parameter \`${name}\` is not recognized.`);
    }
  }
}

/** @throws ApiError InvalidParameter for a value of another type, null included */
export function optionalString(params: Params, name: string): string | undefined {
  const value = params[name];
  if (value === undefined || typeof value === 'string') return value;
  throw wrongType(name, 'a string');
}

export function wrongType(name: string, type: string): ApiError {
  return new ApiError('InvalidParameter', `The parameter \`${name}\` should be ${type}.`);
}

export function isObject(value: unknown): value is Params {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function requireType(actual: string, expected: string): void {
  if (actual.toLowerCase() === expected) return;
  throw new ApiError('InvalidRequest', `The content type of this method is ${expected}.`);
}

function parseBody(body: Uint8Array): Params {
  if (body.length === 0) return {};
  const params = parseJson(body);
  if (!isObject(params)) {
    throw new ApiError('InvalidParameter', 'The request body is not a JSON object.');
  }
  return params;
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return undefined;
  }
}

type Tree = Map<string, Tree | string>;

function parseQuery(query: string): Params {
  const tree: Tree = new Map();
  for (const [name, value] of new URLSearchParams(query)) {
    const steps = name.split('.');
    const last = steps.pop() ?? '';
    let node = tree;
    for (const step of steps) node = childOf(node, step);
    node.set(last, value);
  }
  return Object.fromEntries(
    [...tree].map(([name, value]) => [
      name,
      integerParams.has(name) ? toInteger(value) : grow(value),
    ]),
  );
}

function childOf(node: Tree, step: string): Tree {
  const present = node.get(step);
  if (present instanceof Map) return present;
  const child: Tree = new Map();
  node.set(step, child);
  return child;
}

/** A node whose names are all numbers is an array. */
function grow(node: Tree | string): unknown {
  if (typeof node === 'string') return node;
  const entries = [...node].map(([name, value]) => [name, grow(value)] as const);
  if (entries.some(([name]) => !/^\d+$/.test(name))) return Object.fromEntries(entries);
  return entries
    .toSorted(([left], [right]) => Number(left) - Number(right))
    .map(([, value]) => value);
}

function toInteger(value: Tree | string): unknown {
  return typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : grow(value);
}
