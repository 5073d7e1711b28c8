import { readFileSync } from 'node:fs';

import { createDocument } from 'zod-openapi';

import { WEBHOOK_BODY_BYTES } from '../../src/handlers/cancel-task-webhook.ts';
import { SECURITY_SCHEMES } from './schemes.ts';
import { problemSchema } from '../../src/lib/http/problem-response.openapi.ts';
import { PROBLEM_TEXTS } from '../../src/lib/problems.openapi.ts';
import { componentStore } from './components.ts';
import { pathsOf } from './operations.ts';
import { toolsOf, type Made } from './tools.ts';

/**
 * Makes the OpenAPI 3.1 document of the routes, the schemas and tables that the gateway runs on, and the words in
 * `src/handlers/*.openapi.ts`. The same sources always give the same text.
 */
export function openApiDocument(): OpenApiDocument {
  const store = componentStore();
  const paths = pathsOf(store);
  const { name, version, description, license }: PackageJson = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  );
  const info = {
    title: name,
    version,
    summary: description,
    description: DESCRIPTION,
    contact: { name: 'The operator of this gateway' },
    license: { name: license, url: 'https://www.apache.org/licenses/LICENSE-2.0' },
  };
  const document = createDocument(
    {
      openapi: '3.1.1',
      info,
      servers: [{ url: '/', description: SERVER, 'x-internal': false }],
      tags: Object.entries(TAGS).map(([tag, about]) => ({ name: tag, description: about })),
      paths,
      components: {
        schemas: { Problem: problemSchema },
        ...store.components,
        securitySchemes: SECURITY_SCHEMES,
      },
      'x-problems': PROBLEM_TEXTS,
    },
    { override: ({ jsonSchema }) => void Object.assign(jsonSchema, bounds(jsonSchema)) },
  );
  const made: OpenApiDocument & Made = JSON.parse(JSON.stringify(document));
  const { schemas, ...others } = made.components;
  // Next to each other, since the tools repeat the schemas: a zip of it is a tenth smaller.
  return { ...made, components: { ...others, schemas }, 'x-tools': toolsOf(made) };
}

/** What `dist/openapi.json` holds. */
export function openApiText(): string {
  return `${JSON.stringify(openApiDocument())}\n`;
}

export interface OpenApiDocument {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, unknown>>;
  readonly components: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly [other: string]: unknown;
}

type PackageJson = Readonly<Record<'name' | 'version' | 'description' | 'license', string>>;

/** Adds the bounds that a schema has in another form, as the linters want them: lengths in a pattern, the width of a number. */
function bounds(schema: { pattern?: string; format?: string; type?: unknown }): object {
  const [, least, most] = /\{(\d+),(\d+)\}\$/.exec(schema.pattern ?? '') ?? [];
  if (most) return { minLength: Number(least), maxLength: Number(most) };
  // Fractions of a second may have any number of digits that fits into a body.
  if (schema.format === 'date-time') return { maxLength: WEBHOOK_BODY_BYTES };
  return schema.type === 'integer' ? { format: 'int64' } : {};
}

const SERVER = 'The gateway that this document came from, local or in production.';

const DESCRIPTION = `Every error is \`application/problem+json\` (RFC 9457); \`code\` tells them apart, \`retryable\` says whether the same request may succeed later, and \`type\` leads to a page about it.

OPTIONS is answered with a 204, as a preflight for browsers. A known path with another method is a 405 \`method-not-allowed\`, any other path a 404 \`route-not-found\`.`;

/** The groups of operations. */
export const TAGS = {
  Tasks: 'Cancelling a task and asking for its state: for frontends and internal services.',
  Webhooks: 'Cancelling a task by a signed webhook. The gateway receives webhooks; it sends none.',
  Agents:
    'The same for agents, by the Model Context Protocol. These paths are there only with `MCP=on`.',
  Service: 'About the gateway itself, open to anybody.',
} as const;
