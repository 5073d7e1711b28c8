import { EXPOSED } from '../../src/lib/http/cors.ts';
import { ALWAYS } from '../../src/lib/http/security-headers.ts';
import { POLICIES, quotaRule, rateLimitFields } from '../../src/lib/rate-limit/fields.ts';
import type { GatewayRoute } from '../../src/exchange.ts';

/** Header fields of answers: each once, as a component that answers refer to. */

type Json = Readonly<Record<string, unknown>>;

const LONGEST = 1024;
const INT32 = 2_147_483_647;
const policies = POLICIES.join('|');
const quota = rateLimitFields('cancel', quotaRule('cancel', { limit: 10, windowSeconds: 1 }), {
  left: 9,
  resetMs: 100,
});

const text = (pattern: string): Json => ({ type: 'string', maxLength: LONGEST, pattern });
const field = (description: string, schema: Json, example: unknown): Json => ({
  description,
  schema,
  example,
});

const FIELDS: Readonly<Record<string, Json>> = {
  'X-Request-Id': field(
    "The caller's own where it is usable, else the platform's, else a new UUID; the log has it too.",
    { $ref: '#/components/schemas/RequestId' },
    'f4a101d2-66df-424b-95d0-ebd9ddae772f',
  ),
  'X-Tc-Request-Id': field(
    "DLC's own id of the request, where it answered.",
    { $ref: '#/components/schemas/UpstreamRequestId' },
    '0f2ee4c8-feec-417d-ab81-d4fcf979c82f',
  ),
  'Retry-After': field(
    'Whole seconds after which the same request is worth another try, or the task another look.',
    { type: 'integer', format: 'int32', minimum: 1, maximum: INT32 },
    1,
  ),
  'RateLimit-Policy': field(
    "The caller's own quota (draft-ietf-httpapi-ratelimit-headers-11): `q` requests in `w` seconds.",
    text(`^"(${policies})";q=[1-9][0-9]*;w=(1|60|3600)$`),
    quota['RateLimit-Policy'],
  ),
  RateLimit: field(
    'What is left of it: `r` requests now; `t` seconds until the next one, or until all are back.',
    text(`^"(${policies})";r=[0-9]+;t=[0-9]+$`),
    quota['RateLimit'],
  ),
  'WWW-Authenticate': field(
    'Which credentials are taken here, and what was wrong (RFC 9110, RFC 6750).',
    text(
      '^(Bearer realm="dlc-task-gateway"(, error="[a-z_]+")?(, scope="[a-z:]+")?|Webhook-Signature)$',
    ),
    'Bearer realm="dlc-task-gateway", error="invalid_token"',
  ),
  Allow: field('The methods that this path takes.', text('^[A-Z]+(, [A-Z]+)*$'), 'DELETE, OPTIONS'),
  'Preference-Applied': field(
    'The preference to wait was followed, for this many seconds at most.',
    text('^wait=[1-9][0-9]*$'),
    'wait=3',
  ),
  Vary: field(
    'What the answer depends on beside the path.',
    { type: 'string', enum: ['Accept', 'Origin', 'Accept, Origin'] },
    'Origin',
  ),
  'Access-Control-Allow-Origin': field(
    'The origin of the request, where it is a configured one.',
    { ...text('^[!-~]+$'), format: 'uri' },
    'https://app.example.org',
  ),
  'Access-Control-Expose-Headers': field(
    'What scripts of that origin may read.',
    { type: 'string', const: EXPOSED },
    EXPOSED,
  ),
  ...Object.fromEntries(
    Object.entries(ALWAYS).map(([name, value]) => [
      name,
      field('The same on every answer.', { type: 'string', const: value }, value),
    ]),
  ),
};

/** Of a header field on an answer: always there, at times, or never. */
export type Presence = 'always' | 'at times' | 'never';
export type Presences = Readonly<Record<string, Presence>>;

/** What every answer of a route has, whatever happened. */
export function alwaysOn(route: GatewayRoute, negotiates: boolean): Presences {
  const always = ['X-Request-Id', ...Object.keys(ALWAYS)].map((name) => [name, 'always'] as const);
  return {
    ...Object.fromEntries(always),
    Vary: negotiates ? 'always' : 'at times',
    ...(!route.forSenders && {
      'Access-Control-Allow-Origin': 'at times',
      'Access-Control-Expose-Headers': 'at times',
    }),
  };
}

/** The `headers` of an answer. A field that is always there is required. */
export function headersOf(presences: Presences): Json {
  const there = Object.entries(presences).filter(([, presence]) => presence !== 'never');
  return Object.fromEntries(
    there.map(([name, presence]) => [
      name,
      { $ref: `#/components/headers/${name}${presence === 'always' ? '' : OPTIONAL}` },
    ]),
  );
}

/** A field has two components: whether it is required belongs to the component, not to the reference. */
const OPTIONAL = '-optional';

/** Every header component, those first that are referred to. */
export function headerComponents(): Record<string, Json> {
  return Object.fromEntries(
    Object.entries(FIELDS).flatMap(([name, about]) => [
      [name, { required: true, ...about }],
      [`${name}${OPTIONAL}`, about],
    ]),
  );
}
