import { MAX_HEADER_BYTES } from '../../src/lib/http/request-checks.ts';

/** What requests may carry beside their body and their credentials. */

const schemaOf = (id: string): object => ({ $ref: `#/components/schemas/${id}` });

export const PARAMETERS = {
  TaskId: {
    name: 'taskId',
    in: 'path',
    required: true,
    description: "DLC's id of the task, percent-encoded at most once.",
    schema: schemaOf('TaskId'),
    example: '4ad30ca9-8b0e-499f-b4e1-d6e43ba0e564',
  },
  Region: {
    name: 'region',
    in: 'query',
    description:
      "The task's region, one that this gateway serves; without it the configured one. Any other parameter, or a repeated one, is a 400.",
    schema: schemaOf('Region'),
    example: 'ap-guangzhou',
  },
  ProblemCode: {
    name: 'code',
    in: 'path',
    required: true,
    description: 'The code of a problem.',
    schema: schemaOf('ProblemCode'),
    example: 'task-busy',
  },
  RequestId: {
    name: 'X-Request-Id',
    in: 'header',
    description: 'Taken over into the answer and the log; what does not fit is ignored.',
    schema: schemaOf('RequestId'),
    example: 'f4a101d2-66df-424b-95d0-ebd9ddae772f',
  },
  Prefer: {
    name: 'Prefer',
    in: 'header',
    description:
      'Waits up to this many seconds for the end of the task (RFC 7240), within what the gateway is set to; Preference-Applied says that it did. What is malformed is ignored.',
    schema: { type: 'string', maxLength: MAX_HEADER_BYTES, pattern: '^[ -~\\t]*$' },
    example: 'wait=3',
  },
  WebhookId: {
    name: 'Webhook-Id',
    in: 'header',
    required: true,
    description: 'The id of the message; the same when it is sent again.',
    schema: { type: 'string', minLength: 1, maxLength: 128, pattern: '^[A-Za-z0-9_-]{1,128}$' },
    example: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  },
  WebhookTimestamp: {
    name: 'Webhook-Timestamp',
    in: 'header',
    required: true,
    description: 'Seconds since 1970; at most 300 seconds from now.',
    schema: { type: 'string', minLength: 1, maxLength: 15, pattern: '^(0|[1-9][0-9]{0,14})$' },
    example: '1764028800',
  },
} as const;

export type ParameterName = keyof typeof PARAMETERS;

export const SECURITY_SCHEMES = {
  Bearer: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description:
      'A JWT (RFC7519, with the practices of RFC8725) of a configured issuer, with pinned algorithms and audience. Scopes `tasks:cancel` and `tasks:read` in `scope` or `scp`, or permission for single tasks in `authorization_details` (RFC 9396): `[{"type": "dlc_task", "actions": ["cancel"], "identifier": "<taskId>"}]`.',
  },
  ApiKey: {
    type: 'apiKey',
    in: 'header',
    name: 'X-API-Key',
    description:
      'For internal services: not allowed in cross-origin requests, as keys do not belong in browsers.',
  },
  WebhookSignature: {
    type: 'apiKey',
    in: 'header',
    name: 'Webhook-Signature',
    description:
      'Standard Webhooks: `v1,<HMAC-SHA256>` or `v1a,<Ed25519>`, in Base64, over `<Webhook-Id>.<Webhook-Timestamp>.<body>`; several are separated by spaces.',
  },
} as const;
