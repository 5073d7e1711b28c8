/** The values of `WWW-Authenticate` (RFC 9110, RFC 6750) of the gateway's responses. */

const REALM = 'Bearer realm="dlc-task-gateway"';

export const BEARER_CHALLENGE = { 'WWW-Authenticate': REALM } as const;
export const INVALID_TOKEN = { 'WWW-Authenticate': `${REALM}, error="invalid_token"` } as const;
export const TWO_SCHEMES = { 'WWW-Authenticate': `${REALM}, error="invalid_request"` } as const;
export const WEBHOOK_CHALLENGE = { 'WWW-Authenticate': 'Webhook-Signature' } as const;

export const insufficientScope = (scope: string): Record<string, string> => ({
  'WWW-Authenticate': `${REALM}, error="insufficient_scope", scope="${scope}"`,
});
