import * as z from 'zod/mini';

import { MAX_RESPONSE_BYTES } from './dlc/connections.ts';
import { MAX_HEADER_BYTES } from '../middlewares/request.ts';
import { USABLE_ID } from './http/message.ts';
import { CHINESE_PROBLEMS } from './problems.zh-CN.ts';
import { PROBLEMS, type ProblemCode, titleOf } from './problems.ts';
import { regionSchema, taskIdSchema } from './tasks.ts';

/**
 * What `<endpoint>.openapi.ts` says about an endpoint: the words, schemas and examples that the OpenAPI document needs beside
 * what `routes.ts` and the tables say. Only `scripts/openapi` reads these files; no bundle contains them.
 */
export interface OperationWords {
  /** Method and template, as in `routes.ts`. */
  readonly route: `${'GET' | 'DELETE' | 'POST'} /${string}`;
  readonly operationId: string;
  readonly tag: 'Tasks' | 'Webhooks' | 'Agents' | 'Service';
  readonly summary: string;
  readonly description: string;
  /** OpenAPI parameter objects. Every operation also has `X-Request-Id` and `Accept-Language`. */
  readonly parameters?: readonly Parameter[];
  readonly body?: Body;
  /** What the body is instead if it is a form. */
  readonly form?: Body;
  readonly successes: Readonly<Record<number, Success>>;
  /** Problems of the handler itself. Those of DLC and of the steps before the handler are added. */
  readonly problems?: readonly ProblemCode[];
  /** `list`: no single task is asked for. `each`: what DLC says of a task is in its result, and no problem. */
  readonly about?: 'list' | 'each';
  /** A success depends on `Accept` or `Accept-Language`; every problem does on the latter. */
  readonly negotiates?: true;
}

/** A route as a tool of agents. */
export interface ToolWords extends Pick<OperationWords, 'route' | 'description'> {
  readonly name: string;
  readonly title: string;
}

export interface Body {
  readonly schema: z.ZodMiniType;
  readonly examples: Readonly<Record<string, Example>>;
}

export interface Example {
  readonly summary: string;
  readonly value: unknown;
}

export interface Success {
  readonly description: string;
  /** By media type. */
  readonly content: Readonly<Record<string, Body>>;
  /** Beside the header fields of every response; RateLimit fields are on every response to an authenticated caller. */
  readonly headers?: Presences;
}

/** Whether a response has a header field. */
export type Presence = 'always' | 'at times' | 'never';
export type Presences = Readonly<Record<string, Presence>>;

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: true;
  readonly description: string;
  readonly schema: object;
  readonly example: string | number;
}

/** A reference to the component that a schema's `id` makes. */
export const schemaRef = (id: string): { $ref: string } => ({ $ref: `#/components/schemas/${id}` });

/** A schema with a name in the document. */
export const named = <S extends z.ZodMiniType>(schema: S, id: string, description: string): S =>
  schema.check(z.meta({ id, description }));

export const text = (pattern: RegExp, maxLength: number): z.ZodMiniString =>
  z.string().check(z.maxLength(maxLength), z.regex(pattern));

/** For people, in English or in Chinese. */
export const sentence = text(/^[^a-z].*[.。]$/, 500);

/** The 200 of a probe, whose body is one word. */
export function probeSuccess(status: string, schemaId: string, summary: string): Success {
  const schema = z.strictObject({ status: z.literal(status) });
  const body = {
    schema: named(schema, schemaId, `${summary}.`),
    examples: { [status]: { summary, value: { status } } },
  };
  return { description: 'It can.', content: { 'application/json': body } };
}

export const upstreamText = text(/[\s\S]/, MAX_RESPONSE_BYTES);

export const EXAMPLE = {
  task: { taskId: '4ad30ca9-8b0e-499f-b4e1-d6e43ba0e564', region: 'ap-guangzhou' },
  requestId: 'f4a101d2-66df-424b-95d0-ebd9ddae772f',
  upstreamRequestId: '0f2ee4c8-feec-417d-ab81-d4fcf979c82f',
} as const;

taskIdSchema.register(z.globalRegistry, {
  id: 'TaskId',
  description: "DLC's id of the task: not always a UUID.",
  examples: [EXAMPLE.task.taskId, '20210521195919442157'],
});
regionSchema.register(z.globalRegistry, {
  id: 'Region',
  description: 'A region of Tencent Cloud.',
  examples: [EXAMPLE.task.region],
});

export const requestId = z.string().check(
  z.regex(USABLE_ID),
  z.meta({
    id: 'RequestId',
    description: 'The id of this request, which the log has too.',
    examples: [EXAMPLE.requestId],
  }),
);
/** As `printable` of `lib/dlc/failure.ts` leaves it. */
export const upstreamRequestId = z.string().check(
  z.regex(/^[\w.:?-]{1,128}$/),
  z.meta({
    id: 'UpstreamRequestId',
    description: "A word of DLC's own: an id of a request, or an error code.",
    examples: [EXAMPLE.upstreamRequestId],
  }),
);

export const task = { taskId: taskIdSchema, region: regionSchema };
export const ids = { requestId, upstreamRequestId: z.optional(upstreamRequestId) };
export const finishedState = z.enum(['succeeded', 'failed']);

/** Every code of a problem, in the order of the table. */
export const CODES = Object.keys(PROBLEMS).filter((code): code is ProblemCode => code in PROBLEMS);
export const problemCode = named(z.enum(CODES), 'ProblemCode', 'Distinguishes problems; stable.');
export const problemTitle = z.enum(
  CODES.flatMap((code) => [titleOf(code), CHINESE_PROBLEMS[code].title]),
);
export const problemStatus = z.literal(
  [...new Set(CODES.map((code) => PROBLEMS[code].status))].toSorted((a, b) => a - b),
);
/** Under `PROBLEM_BASE_URL` if it is set, or after the base path. */
export const problemType = text(/^[!-~]*\/problems\/[a-z-]+$/, MAX_HEADER_BYTES);

export const REGION_PARAMETER: Parameter = {
  name: 'region',
  in: 'query',
  description:
    'A region that this gateway serves; the default is the configured one. Any other parameter, or a repeated one, is a 400.',
  schema: schemaRef('Region'),
  example: EXAMPLE.task.region,
};

export const TASK_PARAMETERS: readonly Parameter[] = [
  {
    name: 'taskId',
    in: 'path',
    required: true,
    description: "DLC's id of the task, percent-encoded at most once.",
    schema: schemaRef('TaskId'),
    example: EXAMPLE.task.taskId,
  },
  REGION_PARAMETER,
];
