import * as z from 'zod/mini';

import { cancelTaskWebhook } from '../../src/handlers/cancel-task-webhook.ts';
import { regionSchema, taskIdSchema } from '../../src/lib/task-request.ts';
import { webhookBodySchema } from '../../src/lib/webhooks/webhook-request.ts';
import * as answers from './answers.ts';

/** The schemas of the gateway as OpenAPI components, by zod's own generator (JSON Schema 2020-12). */

interface About {
  readonly id: string;
  readonly description: string;
  readonly examples?: readonly unknown[];
}

const registry = z.registry<About>();

const ABOUT: readonly (readonly [z.ZodMiniType, About])[] = [
  [
    taskIdSchema,
    {
      id: 'TaskId',
      description: "DLC's id of the task: not always a UUID.",
      examples: ['4ad30ca9-8b0e-499f-b4e1-d6e43ba0e564', '20210521195919442157'],
    },
  ],
  [
    regionSchema,
    { id: 'Region', description: 'A region of Tencent Cloud.', examples: ['ap-guangzhou'] },
  ],
  [
    answers.requestId,
    {
      id: 'RequestId',
      description: 'The id of this request, which the log has too.',
      examples: ['f4a101d2-66df-424b-95d0-ebd9ddae772f'],
    },
  ],
  [
    answers.upstreamRequestId,
    {
      id: 'UpstreamRequestId',
      description: "A word of DLC's own: an id of a request, or an error code.",
      examples: ['0f2ee4c8-feec-417d-ab81-d4fcf979c82f'],
    },
  ],
  [
    webhookBodySchema,
    {
      id: 'CancelTaskEvent',
      description:
        'Asks for a cancellation. Further members are ignored here, but are a 400 in `data`: a misspelt region must not cancel in another one.',
    },
  ],
  [
    answers.cancellationRequested,
    {
      id: 'CancellationRequested',
      description:
        'DLC has taken the cancellation. With `confirmed: false` an attempt was never answered, and DLC then said that the task is being dealt with: probably by that attempt.',
    },
  ],
  [answers.cancelled, { id: 'Cancelled', description: 'The task is cancelled.' }],
  [
    answers.taskNow,
    {
      id: 'Task',
      description:
        "The task's state now, in the gateway's word and in DLC's number; the times as DLC gives them, whose zone is undocumented.",
    },
  ],
  [
    answers.acknowledged,
    {
      id: 'Acknowledged',
      description:
        'Nothing was cancelled, and no repetition would change that: the sender need not send it again.',
    },
  ],
  [
    answers.ignored,
    { id: 'Ignored', description: 'A well-signed webhook of a type that is not for this gateway.' },
  ],
  [answers.health, { id: 'Health', description: 'The process can serve.' }],
  [
    answers.problemCode,
    { id: 'ProblemCode', description: 'What a problem is told apart by; stable.' },
  ],
  [answers.problem, { id: 'Problem', description: 'What went wrong (RFC 9457).' }],
  [
    answers.problemPage,
    { id: 'ProblemPage', description: 'What a code means, and what to do about it.' },
  ],
  [answers.problemHtml, { id: 'ProblemHtml', description: 'The same as a page for people.' }],
  [
    answers.apiDocument,
    { id: 'ApiDocument', description: 'An OpenAPI document, such as this one.' },
  ],
];

/** All components, by id. */
export function schemaComponents(): Record<string, object> {
  for (const [schema, about] of ABOUT) registry.add(schema, about);
  const { schemas } = z.toJSONSchema(registry, {
    io: 'input',
    metadata: registry,
    uri: (id) => `#/components/schemas/${id}`,
    override: ({ jsonSchema }) => void Object.assign(jsonSchema, bounds(jsonSchema)),
  });
  const components = Object.entries(schemas).map(([id, schema]) => {
    const { $schema: _, $id: __, id: ___, ...rest } = schema;
    return [id, rest] as const;
  });
  return { ...Object.fromEntries(components), OtherEvent: otherEvent };
}

/** What `webhookBodySchema` does not take and the gateway passes over. */
const otherEvent = {
  type: 'object',
  description: 'A webhook of another type, which is acknowledged and ignored.',
  properties: {
    type: {
      type: 'string',
      not: { const: 'task.cancel' },
      maxLength: cancelTaskWebhook.maxBodyBytes,
      pattern: '^[^]*$',
      examples: ['task.created'],
    },
  },
  required: ['type'],
  additionalProperties: true,
};

/** Says as keywords what a schema says in another way: the length in a pattern, the width of a number. */
function bounds(schema: z.core.JSONSchema.BaseSchema): object {
  const [, least, most] = /\]\{(\d+),(\d+)\}\$$/.exec(schema.pattern ?? '') ?? [];
  if (most) return { minLength: Number(least), maxLength: Number(most) };
  // Fractions of a second may have any number of digits, as far as they fit into a body.
  if (schema.format === 'date-time') return { maxLength: cancelTaskWebhook.maxBodyBytes };
  return schema.type === 'integer' ? { format: 'int64' } : {};
}
