import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

import {
  document,
  headersOf,
  operations,
  typeOf,
  type Answer,
  type Described,
  type Received,
} from './described.ts';
import { createRoutes } from '../../src/handlers/routes.ts';
import { preflightOf } from '../../src/middlewares/response.ts';
import { ALWAYS } from '../../src/lib/http/response.ts';
import { note } from './received.ts';
import { faultsOfChinese } from './chinese.ts';

/**
 * Whether the OpenAPI document is true: whatever a test receives is looked up in it, and what was
 * received is noted, so that in the end (`received-reporter.js`) nothing is documented that never is.
 */

/** What was asked, where a test knows: for an answer to bytes that are no request there is nothing. */
export interface Asked {
  readonly method: string;
  /** With or without the query. */
  readonly target: string;
}

interface Header {
  readonly required?: true;
  readonly schema: { readonly type?: string };
}

/** Of the connection, not of the answer: no document of an API has them. */
const TRANSPORT = /^(date|connection|keep-alive|content-length|content-type|transfer-encoding)$/;

const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
ajv.addSchema(document, 'api');

/** @throws Error which says in what an answer is not as the document says */
export function expectDocumented(received: Received, asked?: Asked): void {
  const described = asked && operationFor(asked);
  const isHead = asked?.method === 'HEAD';
  const faults = described
    ? faultsOf(received, described, isHead)
    : faultsOfAny(received, asked?.method);
  faults.push(...faultsOfChinese(received));
  if (faults.length > 0) {
    const what = `${asked?.method ?? ''} ${asked?.target ?? ''} ${received.status}`.trim();
    throw new Error(`not as openapi.json says: ${what}: ${faults.join('; ')}\n${received.text}`);
  }
  if (described && !isHead) note(received, described.operation);
}

function operationFor({ method, target }: Asked): Described | undefined {
  const [pathname = ''] = target.split('?');
  const wanted = method === 'HEAD' ? 'GET' : method;
  return operations.find((one) => one.method === wanted && one.pattern.test(pathname));
}

/** An answer that belongs to no operation: the path, the method or the request itself is unknown. */
function faultsOfAny(received: Received, method: string | undefined): string[] {
  const { status, text } = received;
  if (status === 100) return [];
  if (status >= 200 && status < 300 && status !== 204) {
    const all = operations.map((described) => faultsOf(received, described, false));
    return all.some((faults) => faults.length === 0) ? [] : (all[0] ?? []);
  }
  const faults = faultsOfHeaders(received, ANY_HEADERS);
  if (method === 'HEAD' || status === 204) return text === '' ? faults : [...faults, 'a body'];
  return [...faults, ...faultsOfBody(received, validatorFor('/components/schemas/Problem'))];
}

function faultsOf(
  received: Received,
  { operation, pointer }: Described,
  isHead: boolean,
): string[] {
  const response = operation.responses[received.status];
  if (!response) return [`status ${received.status} is not documented`];
  const faults = faultsOfHeaders(received, response.headers);
  if (isHead) return received.text === '' ? faults : [...faults, 'HEAD with a body'];
  const type = typeOf(received);
  if (received.text === '' && Object.keys(response.content).length === 0) return faults;
  if (!(type in response.content)) return [...faults, `media type ${type}`];
  const at = `${pointer}/responses/${received.status}/content/${type.replaceAll('/', '~1')}/schema`;
  return [...faults, ...faultsOfBody(received, validatorFor(at))];
}

function faultsOfBody(received: Received, validate: ValidateFunction): string[] {
  const isJson = typeOf(received).endsWith('json');
  if (validate(isJson ? JSON.parse(received.text) : received.text)) return [];
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

function faultsOfHeaders(received: Received, headers: Answer['headers']): string[] {
  const there = headersOf(received);
  const known = new Map(Object.entries(headers).map(([name, at]) => [name.toLowerCase(), at.$ref]));
  const unknown = [...there].filter(
    ([name, value]) =>
      !TRANSPORT.test(name) && !known.has(name) && !PREFLIGHTS.has(`${name}: ${value}`),
  );
  const wrong = [...known].flatMap(([name, reference]) => {
    const pointer = reference.slice(1);
    const { required, schema } = headerAt(pointer);
    const spared = headers === ANY_HEADERS && name === 'allow';
    const value = there.get(name);
    if (value === undefined) return required && !spared ? [`${name} is missing`] : [];
    const parsed = schema.type === 'integer' ? Number(value) : value;
    return validatorFor(`${pointer}/schema`)(parsed) ? [] : [`${name}: ${value}`];
  });
  return [...unknown.map(([name]) => `${name} is not documented`), ...wrong];
}

/** The document has no OPTIONS: what its answers have beside the fields of all others. */
const PREFLIGHTS = new Set<string>(
  createRoutes({ taskStateLookup: true, mcp: true }).flatMap((route) =>
    Object.entries(preflightOf(route)).map(([name, value]) => `${name.toLowerCase()}: ${value}`),
  ),
);

function headerAt(pointer: string): Header {
  const name = pointer.split('/').at(-1) ?? '';
  return Object(document.components['headers']?.[name]);
}

/** Every field, of which those on all answers are required. */
const ANY_HEADERS: Answer['headers'] = Object.fromEntries(
  Object.keys(document.components['headers'] ?? {})
    .filter((name) => name.endsWith('-optional') || name in ALWAYS || name === 'X-Request-Id')
    .concat('Allow')
    .map((name) => [name.replace('-optional', ''), { $ref: `#/components/headers/${name}` }]),
);

function validatorFor(pointer: string): ValidateFunction {
  const steps = pointer.split('/').map(encodeURIComponent);
  const validate = ajv.getSchema(`api#${steps.join('/')}`);
  if (!validate) throw new Error(`no schema at ${pointer}`);
  return validate;
}
