import type { Endpoint, GatewayRoute } from '../../src/exchange.ts';
import { createRoutes } from '../../src/handlers/routes.ts';
import type { Scheme } from '../../src/lib/auth/principal.ts';
import type { ProblemCode } from '../../src/lib/problems.ts';
import { alwaysOn, headersOf, type Presences } from './headers.ts';
import { examplesFor, OPERATIONS, type OperationWords, type Success } from './operations.ts';
import { problemsOf, statusFor } from './problem-codes.ts';
import { problemAnswer } from './problem-answers.ts';

/** The operations of the document: each route of the gateway, with the words for it. */

type Json = Readonly<Record<string, unknown>>;

const SCHEME_NAMES: Readonly<Record<Scheme, string>> = {
  bearer: 'Bearer',
  'api-key': 'ApiKey',
  webhook: 'WebhookSignature',
};

const ref = (kind: string, name: string): Json => ({ $ref: `#/components/${kind}/${name}` });

/** @throws where a route has no words, or words have no route */
export function pathsOf(): Record<string, Json> {
  const unused = new Set(Object.keys(OPERATIONS));
  const paths = createRoutes({ taskStateLookup: true }).map((route) => {
    const operations = Object.entries(route.methods).map(([method, endpoint]) => {
      const key = `${method} ${route.template}`;
      const words = OPERATIONS[key];
      if (!words) throw new Error(`${key} is not described in scripts/openapi/operations.ts`);
      unused.delete(key);
      return [method.toLowerCase(), toOperation(route, endpoint, words)] as const;
    });
    return [route.template, Object.fromEntries(operations)] as const;
  });
  if (unused.size > 0) throw new Error(`there is no route for ${[...unused].join(', ')}`);
  return Object.fromEntries(paths);
}

function toOperation(route: GatewayRoute, endpoint: Endpoint, words: OperationWords): Json {
  const { access } = endpoint;
  const always = alwaysOn(route, false);
  const successes = Object.entries(words.successes).map(([status, success]) => {
    const there = alwaysOn(route, words.negotiates === true);
    return [status, successAnswer(success, there)] as const;
  });
  return {
    operationId: words.operationId,
    tags: [words.tag],
    summary: words.summary,
    description: words.description,
    security: (access?.schemes ?? []).map((scheme) => ({ [SCHEME_NAMES[scheme]]: [] })),
    parameters: words.parameters.map((name) => ref('parameters', name)),
    ...(words.body && { requestBody: requestBody(words.body) }),
    responses: {
      ...Object.fromEntries(successes),
      ...problemAnswers(route, endpoint, words, always),
    },
  };
}

function successAnswer(
  { description, content, examples, headers }: Success,
  always: Presences,
): Json {
  const bodies = Object.entries(content).map(([type, schemas]) => [
    type,
    { schema: oneOf(schemas), examples: examplesOf(examplesFor(type, examples)) },
  ]);
  const fields = headersOf({ ...always, ...headers });
  return { description, headers: fields, content: Object.fromEntries(bodies) };
}

function problemAnswers(
  route: GatewayRoute,
  endpoint: Endpoint,
  words: OperationWords,
  always: Presences,
): Json {
  const codes = problemsOf(endpoint, words.problems ?? []);
  const statusOf = (code: ProblemCode): number => statusFor(code, route.forSenders);
  // What a sender is told with a 200 is no problem to it.
  const statuses = new Set(codes.map(statusOf).filter((status) => status !== 200));
  const answers = [...statuses].map((status) => {
    const some = codes.filter((code) => statusOf(code) === status);
    const { forSenders } = route;
    return [status, problemAnswer({ status, codes: some, endpoint, forSenders, always })] as const;
  });
  return Object.fromEntries(answers);
}

function requestBody({ schemas, examples }: NonNullable<OperationWords['body']>): Json {
  const body = { schema: oneOf(schemas), examples: examplesOf(examples) };
  return { required: true, content: { 'application/json': body } };
}

function oneOf(schemas: readonly string[]): Json {
  const [first = '', ...others] = schemas.map((id) => ref('schemas', id));
  return others.length > 0 ? { oneOf: [first, ...others] } : Object(first);
}

function examplesOf(names: readonly string[]): Json {
  return Object.fromEntries(names.map((name) => [name, ref('examples', name)]));
}
