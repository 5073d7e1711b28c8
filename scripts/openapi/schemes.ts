import type { Scheme } from '../../src/lib/auth/principal.ts';

/** The name of each way to authenticate in the OpenAPI document. */
export const SCHEME_NAMES = {
  bearer: 'Bearer',
  'api-key': 'ApiKey',
  webhook: 'WebhookSignature',
} as const satisfies Readonly<Record<Scheme, string>>;

export const SECURITY_SCHEMES = {
  Bearer: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description:
      'A JWT (RFC7519, with the practices of RFC8725) of a configured issuer, with pinned algorithms and audience. Scopes `tasks:cancel` and `tasks:read` in `scope` or `scp`, or permission for single tasks in `authorization_details` (RFC 9396): `[{"type": "dlc_task", "actions": ["cancel", "read"], "identifier": "<taskId>"}]`.',
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
} as const satisfies Readonly<Record<(typeof SCHEME_NAMES)[Scheme], object>>;
