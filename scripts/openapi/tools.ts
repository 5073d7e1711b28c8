import { tools } from '../../src/handlers/agents.openapi.ts';
import type { Tool } from '../../src/lib/api-document.ts';
import { schemaRef } from '../../src/lib/words.openapi.ts';
import type { Json } from './components.ts';

/**
 * Makes the tools of agents from the operations of their routes, for `x-tools` of the document. A tool's result is the
 * response of the route: a success, or a problem, which also says when to call again.
 */
export function toolsOf({ paths, components }: Made): readonly Tool[] {
  const { properties, ...problem } = Object(components.schemas['Problem']);
  const { retryAfter } = Object(components.schemas['TaskNotCancelled']).properties;
  // Those are of webhook deliveries and of `/readyz`.
  const { results: _, fault: _fault, ...members } = properties;
  const refused = { ...problem, properties: { ...members, retryAfter } };
  return tools.map(({ name, title, route, description }) => {
    const [method = '', path = ''] = route.split(' ');
    const operation: Operation = Object(paths[path])[method.toLowerCase()];
    const { 200: ok, 202: accepted } = operation.responses;
    const bodies = [ok, accepted].flatMap((response) => (response ? schemaOf(response) : []));
    const isReadOnly = method === 'GET';
    const hints = { readOnlyHint: isReadOnly, destructiveHint: !isReadOnly };
    const shown = {
      title,
      description,
      inputSchema: inputOf(operation),
      outputSchema: { type: 'object', anyOf: [...bodies, refused] },
      annotations: { title, ...hints, idempotentHint: true, openWorldHint: false },
    };
    return { name, method, path, shown: Object(whole(shown, components.schemas)) };
  });
}

/** Clients want each schema as a whole. */
function whole(node: unknown, schemas: Json): unknown {
  if (Array.isArray(node)) return node.map((one) => whole(one, schemas));
  if (typeof node !== 'object' || node === null) return node;
  const { $ref, examples: _, format: _format, ...members }: Json = Object(node);
  if (typeof $ref === 'string') return whole(schemas[$ref.replace(/.*\//, '')], schemas);
  const entries = Object.entries(members).map(([key, one]) => [key, whole(one, schemas)] as const);
  return Object.fromEntries(entries);
}

export interface Made {
  readonly paths: Readonly<Record<string, unknown>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}

interface Operation {
  readonly parameters: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly description: string;
    readonly schema: Json;
  }[];
  readonly requestBody?: Content;
  readonly responses: Readonly<Partial<Record<string, Content>>>;
}

interface Content {
  readonly content: { readonly 'application/json': { readonly schema: Json } };
}

const schemaOf = ({ content }: Content): Json => content['application/json'].schema;

function inputOf({ requestBody, parameters }: Operation): Json {
  if (requestBody) return schemaOf(requestBody);
  const some = parameters.filter((one) => one.in !== 'header');
  const properties = some.map(({ name, schema, description, ...one }) => {
    // What a path needs is not said of a tool.
    return [name, one.in === 'path' ? schemaRef('TaskId') : { ...schema, description }] as const;
  });
  return {
    type: 'object',
    properties: Object.fromEntries(properties),
    required: some.filter(({ required }) => required).map(({ name }) => name),
    additionalProperties: false,
  };
}
