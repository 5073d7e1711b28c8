import { readdirSync } from 'node:fs';

import type { ZodOpenApiPathsObject } from 'zod-openapi';

import type { Endpoint, Route } from '../../src/endpoint.ts';
import { createRoutes } from '../../src/handlers/routes.ts';
import {
  EXAMPLE,
  schemaRef,
  type OperationWords,
  type Parameter,
  type Success,
} from '../../src/lib/words.openapi.ts';
import { SCHEME_NAMES } from './schemes.ts';
import type { ComponentStore, Json } from './components.ts';
import { alwaysOn, headersOf } from './headers.ts';
import { problemResponses } from './problem-responses.ts';

/** Joins each route of `routes.ts` with the words in the `*.openapi.ts` file beside its handler. */

const HANDLERS = new URL('../../src/handlers/', import.meta.url);

const ENDING = '.openapi.ts';

async function readWords(name: string): Promise<OperationWords[]> {
  // A template, and not a URL: esbuild finds the files of this one.
  const { words }: Exported = await import(`../../src/handlers/${name}.openapi.ts`);
  if (!words) throw new Error(`src/handlers/${name}${ENDING} exports no words`);
  return [words].flat();
}

interface Exported {
  readonly words?: OperationWords | OperationWords[];
}

const files = readdirSync(HANDLERS).filter((file) => file.endsWith(ENDING));
const names = files.map((file) => file.slice(0, -ENDING.length));
const WORDS = (await Promise.all(names.toSorted().map(readWords))).flat();

interface DescribedEndpoint {
  readonly method: string;
  readonly route: Route;
  readonly endpoint: Endpoint;
  readonly words: OperationWords;
}

/** Every endpoint with its words, in the order of the routes. @throws Error if a route has no words, or words have no route */
export function describedEndpoints(): readonly DescribedEndpoint[] {
  const unused = new Set<string>(WORDS.map(({ route }) => route));
  const described = createRoutes({ taskStateLookup: true, mcp: true }).flatMap((route) =>
    Object.entries(route.methods).map(([method, endpoint]) => {
      const key = `${method} ${route.template}`;
      const words = WORDS.find((one) => one.route === key);
      if (!words) throw new Error(`no src/handlers/*.openapi.ts describes ${key}`);
      unused.delete(key);
      return { method, route, endpoint, words };
    }),
  );
  if (unused.size > 0) throw new Error(`routes.ts has no ${[...unused].join(', ')}`);
  return described;
}

/** @throws Error if a route has no words, or words have no route */
export function pathsOf(store: ComponentStore): ZodOpenApiPathsObject {
  const paths: Record<string, Record<string, Operation>> = {};
  for (const { method, route, endpoint, words } of describedEndpoints()) {
    const operation = toOperation(route, endpoint, words, store);
    const operations = (paths[route.template] ??= {});
    operations[method.toLowerCase()] = operation;
    if (method === 'GET') operations['head'] = toHead(operation);
  }
  return paths;
}

const REQUEST_ID: Parameter = {
  name: 'X-Request-Id',
  in: 'header',
  description: 'Copied to the response and the log; a value that does not fit is ignored.',
  schema: schemaRef('RequestId'),
  example: EXAMPLE.requestId,
};

const ACCEPT_LANGUAGE: Parameter = {
  name: 'Accept-Language',
  in: 'header',
  description:
    'If it prefers Chinese (`zh`, `zh-CN`, …), the sentences in problems and results are in Chinese.',
  schema: { type: 'string', maxLength: 4096, pattern: '^[\\t -~]*$' },
  example: 'zh-CN,zh;q=0.9,en;q=0.8',
};

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly responses: Readonly<Record<string, Json>>;
  readonly [other: string]: unknown;
}

function toOperation(
  route: Route,
  endpoint: Endpoint,
  words: OperationWords,
  store: ComponentStore,
): Operation {
  const successes = Object.entries(words.successes).map(
    ([status, success]) => [status, toSuccess(route, endpoint, words, success, store)] as const,
  );
  return {
    operationId: words.operationId,
    tags: [words.tag],
    summary: words.summary,
    description: words.description,
    security: (endpoint.access?.schemes ?? []).map((scheme) => ({ [SCHEME_NAMES[scheme]]: [] })),
    parameters: [...(words.parameters ?? []), REQUEST_ID, ACCEPT_LANGUAGE],
    ...(words.body && {
      requestBody: {
        required: true,
        content: {
          'application/json': words.body,
          ...(words.form && { 'application/x-www-form-urlencoded': words.form }),
        },
      },
    }),
    responses: joined(
      Object.fromEntries(successes),
      problemResponses(route, endpoint, words, store),
    ),
  };
}

type Responses = Readonly<Record<string, Json>>;

/** A status may stand for a problem, and for an error of another form. */
function joined(own: Responses, problems: Responses): Responses {
  const both = Object.entries(problems).map(([status, problem]) => {
    const { content, description: first = [], headers = {} } = Object(own[status]);
    // What only one of them always has is there at times.
    const fields = Object.entries(Object(problem['headers']));
    const joint = {
      description: [first, problem['description']].flat().join('\n\n'),
      headers: Object.fromEntries(fields.map(([name, ref]) => [name, headers[name] ?? ref])),
      content: { ...content, ...Object(problem['content']) },
    };
    return [status, joint] as const;
  });
  return { ...own, ...Object.fromEntries(both) };
}

const QUOTA = { RateLimit: 'always', 'RateLimit-Policy': 'always' } as const;

function toSuccess(
  route: Route,
  { access }: Endpoint,
  { negotiates }: OperationWords,
  { description, content, headers }: Success,
  store: ComponentStore,
): Json {
  const always = alwaysOn(route, negotiates);
  const fields = headersOf({ ...always, ...(access && QUOTA), ...headers }, store);
  return { description, headers: fields, content };
}

/** HEAD has the header fields of GET, and no body. */
function toHead(get: Operation): Operation {
  const responses = Object.entries(get.responses).map(([status, response]) => {
    const { description, headers } = response;
    return [status, { description, headers }] as const;
  });
  return {
    ...get,
    operationId: get.operationId.replace(/^get/, 'head'),
    summary: `${get.summary}: header fields only`,
    responses: Object.fromEntries(responses),
  };
}
