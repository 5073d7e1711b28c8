import { EXPOSED } from '../../middlewares/response.ts';
import { ALWAYS } from './response.ts';
import { POLICIES, quotaRule, rateLimitFields } from '../../middlewares/quota.ts';
import { EXAMPLE, schemaRef } from '../words.openapi.ts';

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

/** The header fields of responses, as OpenAPI header objects. */
export const HEADER_FIELDS: Readonly<Record<string, Json>> = {
  'X-Request-Id': field(
    "The caller's own if it is usable, else the platform's, else a new UUID; the log has it too.",
    schemaRef('RequestId'),
    EXAMPLE.requestId,
  ),
  'X-Tc-Request-Id': field(
    "DLC's own id of the request, if it responded.",
    schemaRef('UpstreamRequestId'),
    EXAMPLE.upstreamRequestId,
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
      '^(Bearer (realm="dlc-task-gateway"|resource_metadata="[!-~]+")(, error="[a-z_]+")?(, scope="[a-z:]+")?|Webhook-Signature)$',
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
    'What the response depends on beside the path.',
    {
      type: 'string',
      enum: ['Accept, Accept-Language', 'Accept-Language', 'Origin'].flatMap((one) =>
        one === 'Origin' ? one : [one, `${one}, Origin`],
      ),
    },
    'Accept-Language',
  ),
  'Content-Language': field(
    'The response is in Chinese; without this field it is in English.',
    { type: 'string', const: 'zh-CN' },
    'zh-CN',
  ),
  'Access-Control-Allow-Origin': field(
    'The origin of the request, if it is a configured one.',
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
      field('The same on every response.', { type: 'string', const: value }, value),
    ]),
  ),
};
