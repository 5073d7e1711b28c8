import type { Clock } from '../clock.ts';
import { authenticateApiKey, type ApiKeys } from './api-key.ts';
import { createBearerAuthenticator } from './jwt.ts';
import type { JwtIssuer } from './jwt-issuers.ts';
import type { Principal, Scheme } from './principal.ts';
import { presentedScheme } from './schemes.ts';
import type { WebhookSender } from '../webhooks/webhook-senders.ts';
import { verifyWebhook } from '../webhooks/webhook-signature.ts';

/** What of a request authenticates it. */
export interface Evidence {
  /** Header fields by lower-case name. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly body: Buffer;
  readonly signal: AbortSignal;
}

/** @throws Problem `invalid-request`, `unauthenticated` or `auth-provider-unavailable` */
export type Authenticate = (evidence: Evidence, accepted: readonly Scheme[]) => Promise<Principal>;

/** Everybody who is configured. */
export interface Callers {
  readonly apiKeys: ApiKeys;
  readonly jwtIssuers: readonly JwtIssuer[];
  readonly webhookSenders: readonly WebhookSender[];
}

export function createAuthenticate(callers: Callers, clock: Clock): Authenticate {
  const authenticateBearer = createBearerAuthenticator(callers.jwtIssuers, { clock });
  return async ({ headers, body, signal }, accepted) => {
    const { scheme, credentials } = presentedScheme(headers, accepted);
    if (scheme === 'bearer') return authenticateBearer(credentials, signal);
    if (scheme === 'api-key') return authenticateApiKey(callers.apiKeys, credentials, clock.now());
    const [id, timestamp, signature] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map(
      (name) => headers.get(name)?.[0],
    );
    return verifyWebhook(callers.webhookSenders, { id, timestamp, signature, body }, clock.now());
  };
}
