import { readFileSync } from 'node:fs';

import { EXAMPLES } from './examples.ts';
import { headerComponents } from './headers.ts';
import { TAGS } from './operations.ts';
import { PARAMETERS, SECURITY_SCHEMES } from './parameters.ts';
import { pathsOf } from './paths.ts';
import { problemExamples } from './problem-answers.ts';
import { PROBLEM_TEXTS } from './problem-texts.ts';
import { schemaComponents } from './schemas.ts';

/**
 * The OpenAPI 3.1 document, from the schemas, tables and constants that the gateway runs on. The same
 * sources always give the same text.
 */
export function openApiDocument(): OpenApiDocument {
  const paths = pathsOf();
  const { name, version, description, license }: PackageJson = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  );
  const components = {
    schemas: schemaComponents(),
    parameters: PARAMETERS,
    headers: headerComponents(),
    examples: { ...EXAMPLES, ...problemExamples() },
  };
  return {
    openapi: '3.1.1',
    info: {
      title: name,
      version,
      summary: description,
      description: DESCRIPTION,
      contact: { name: 'The operator of this gateway' },
      license: { name: license, url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    servers: [{ url: '/', description: SERVER, 'x-internal': false }],
    tags: Object.entries(TAGS).map(([tag, about]) => ({ name: tag, description: about })),
    paths,
    components: { ...used(components, paths), securitySchemes: SECURITY_SCHEMES },
    'x-problems': PROBLEM_TEXTS,
  };
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

const SERVER = 'The gateway that this document came from, local or in production.';

const DESCRIPTION = `Every error is \`application/problem+json\` (RFC 9457); \`code\` tells them apart, \`retryable\` says whether the same request may succeed later, and \`type\` leads to a page about it.

HEAD is answered like GET, without a body; OPTIONS with a 204, as a preflight where browsers call. A known path with another method is a 405 \`method-not-allowed\`, any other path a 404 \`route-not-found\`.`;

type Components = OpenApiDocument['components'];

/** The components that are referred to, by an operation or by one another. */
function used(all: Components, paths: unknown): Components {
  const names = new Set<string>();
  const visit = (value: unknown): void => {
    for (const [, kind = '', name = ''] of JSON.stringify(value).matchAll(REFERENCE)) {
      if (names.has(`${kind}/${name}`)) continue;
      names.add(`${kind}/${name}`);
      visit(all[kind]?.[name]);
    }
  };
  visit(paths);
  const kept = Object.entries(all).map(([kind, some]) => [
    kind,
    Object.fromEntries(Object.entries(some).filter(([name]) => names.has(`${kind}/${name}`))),
  ]);
  return Object.fromEntries(kept);
}

const REFERENCE = /"#\/components\/(\w+)\/([\w-]+)"/g;
