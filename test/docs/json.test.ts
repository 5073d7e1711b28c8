import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';

import { ALWAYS } from '../../src/lib/http/response.ts';
import { webhookBodySchema } from '../../src/handlers/cancel-task-webhook.ts';
import { DOCUMENTS, readDocument } from '../support/documents.ts';
import { expectDocumented } from '../support/documented.ts';

/**
 * Every example of data in the documents is what it looks like. The log lines of `docs/operations.md` are also
 * compared with what is really logged (`test/operations.test.ts`), the lists of `config/` with the settings'
 * parser (`test/deployment/policies.test.ts`).
 */

const all = DOCUMENTS.flatMap((file) =>
  readDocument(file).blocks.map((block) => ({ file, ...block })),
);
const of = (language: string) => all.filter((block) => block.language === language);

it('blocks are of known languages, each of which something looks after', () => {
  const known = new Set(['sh', 'json', 'http', 'yaml', 'html', 'ts', 'mermaid']);
  expect(all.filter(({ language }) => !known.has(language))).toEqual([]);
});

it.each(of('json'))('$file, $heading: JSON', ({ text }) => {
  expect(JSON.parse(text)).toEqual(expect.anything());
});

it('our own webhook is one that the gateway takes', () => {
  const bodies = of('json').filter(({ text }) => text.includes('"task.cancel"'));
  expect(bodies.length).toBeGreaterThan(1);
  for (const { text } of bodies) webhookBodySchema.parse(JSON.parse(text));
});

it.each(of('yaml'))('$file, $heading: YAML', ({ text }) => {
  expect(parse(text)).toEqual(expect.anything());
});

it.each(of('http'))('$file, $heading: an answer as the OpenAPI document has it', ({ text }) => {
  const [head = '', body = ''] = text.split('\n\n');
  const [statusLine = '', ...fields] = head.split('\n');
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(statusLine)?.[1]);
  const headers = Object.fromEntries(fields.map((field) => field.split(': ')));
  const asked = { method: 'DELETE', target: '/tasks/4ad30ca9-8b0e-499f-b4e1-d6e43ba0e564' };
  expectDocumented({ status, headers: { ...ALWAYS, ...headers }, text: body }, asked);
});

describe('JSON in a sentence', () => {
  const spans = DOCUMENTS.flatMap((file) =>
    [...readDocument(file).prose.matchAll(/`([^`[{\n]*[[{]+"[^`\n]*)`/g)].map(([, span = '']) => ({
      file,
      span,
    })),
  );

  it.each(spans)('$file: $span', ({ span }) => {
    const json = span.slice(span.search(/[[{]/));
    expect(JSON.parse(json)).toEqual(expect.anything());
  });
});
