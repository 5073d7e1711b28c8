import { openApiDocument } from '../../scripts/openapi/document.ts';

/** The OpenAPI document, as far as tests look answers up in it. */

export interface Received {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

export interface Answer {
  readonly headers: Readonly<Record<string, { readonly $ref: string }>>;
  readonly content: Readonly<Record<string, object>>;
}

export interface Operation {
  readonly operationId: string;
  readonly responses: Readonly<Record<string, Answer>>;
}

export const document = openApiDocument();

export const operations = Object.entries(document.paths).flatMap(([template, methods]) =>
  Object.entries<Operation>(Object(methods)).map(([method, operation]) => ({
    method: method.toUpperCase(),
    pattern: new RegExp(`^${template.replaceAll('.', '\\.').replace(/\{\w+\}/, '[^/]+')}$`),
    pointer: `/paths/${template.replaceAll('/', '~1')}/${method}`,
    operation,
  })),
);
export type Described = (typeof operations)[number];

/** Header fields by lower-case name. */
export function headersOf({ headers }: Received): Map<string, string> {
  const pairs = Object.entries(headers).map(
    ([name, value]) => [name.toLowerCase(), String(value)] as const,
  );
  return new Map(pairs);
}

/** The media type, without parameters. */
export function typeOf(received: Received): string {
  return headersOf(received).get('content-type')?.split(';')[0] ?? '';
}
