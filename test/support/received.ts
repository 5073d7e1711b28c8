import { appendFileSync } from 'node:fs';
import path from 'node:path';

import {
  document,
  headersOf,
  operations,
  typeOf,
  type Answer,
  type Operation,
  type Received,
} from './described.ts';

/** Notes of what was received, from all of jest's workers, for `received-reporter.js` to compare. */

/** Fields that depend on the set-up, not on what happened: once for each operation is enough. */
const OF_SETUP = /^(vary|content-language|access-control-.*)$/;

/** Notes an answer, once: its status, media type, code, outcome, state and header fields. */
export function note(received: Received, operation: Operation): void {
  write(notesOf(received, operation));
}

function notesOf(received: Received, { operationId, responses }: Operation): string[] {
  const { status } = received;
  const type = typeOf(received);
  const body: unknown = type.endsWith('json') ? JSON.parse(received.text) : {};
  const { code, outcome, state } = Object(body);
  const words = [status >= 400 ? code : undefined, outcome, state].filter(
    (one) => one !== undefined,
  );
  const there = headersOf(received);
  const documented = optionalIn(responses[status]?.headers ?? {});
  const fields = documented.filter((name) => there.has(name.toLowerCase()));
  return [
    `${operationId} ${status} ${type}`,
    ...words.map((one) => `${operationId} ${status} ${one}`),
    ...fields.map((name) => noteOfField(operationId, status, name)),
  ];
}

/** A field that is required is looked for on every answer. */
function optionalIn(headers: Answer['headers']): string[] {
  const optional = Object.entries(headers).filter(([, { $ref }]) => $ref.endsWith('-optional'));
  return optional.map(([name]) => name);
}

function noteOfField(operationId: string, status: number | string, name: string): string {
  return OF_SETUP.test(name.toLowerCase())
    ? `${operationId} ${name}`
    : `${operationId} ${status} ${name}`;
}

const noted = new Set<string>();
const directory = process.env['API_RECEIVED'];

function write(notes: readonly string[]): void {
  const fresh = notes.filter((one) => !noted.has(one));
  if (fresh.length === 0 || !directory) return;
  if (noted.size === 0)
    appendFileSync(path.join(directory, 'documented'), lines(everythingNoted()));
  for (const one of fresh) noted.add(one);
  appendFileSync(path.join(directory, `received-${process.pid}`), lines(fresh));
}

const lines = (all: readonly string[]): string => all.map((line) => `${line}\n`).join('');

/** What there is to receive: every status, media type, code, outcome, state and field of each operation. */
function everythingNoted(): string[] {
  return operations.flatMap(({ operation: { operationId, responses } }) =>
    Object.entries(responses).flatMap(([status, { headers, content }]) => [
      ...Object.keys(content).map((type) => `${operationId} ${status} ${type}`),
      ...wordsIn(content).map((word) => `${operationId} ${status} ${word}`),
      ...optionalIn(headers).map((name) => noteOfField(operationId, status, name)),
    ]),
  );
}

/** The values that `code` in a narrowed problem, and `outcome` and `state` in a body, may have. */
function wordsIn(content: Answer['content']): string[] {
  const schemas = Object.values(content).flatMap((body) => subschemas(Object(body).schema));
  return schemas.flatMap((schema) => {
    const { outcome, state, code } = Object(schema['properties']);
    const problem = 'type' in schema ? [] : [code];
    return [outcome, state, ...problem].flatMap((one) => one?.enum ?? (one ? [one.const] : []));
  });
}

function subschemas(schema: Readonly<Record<string, unknown>>): Record<string, unknown>[] {
  const { $ref, oneOf = [], allOf = [], ...rest } = schema;
  const name = typeof $ref === 'string' ? ($ref.split('/').at(-1) ?? '') : '';
  const target = document.components['schemas']?.[name];
  const parts = [oneOf, allOf, target ?? []].flat();
  return [rest, ...parts.flatMap((part) => subschemas(Object(part)))];
}
