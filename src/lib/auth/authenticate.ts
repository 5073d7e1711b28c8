import type { Clock } from '../clock.ts';
import { authenticateApiKey, type ApiKeys } from './api-key.ts';
import type { Principal, Scheme } from './principal.ts';
import { presentedScheme } from './schemes.ts';

/** What of a request authenticates it. */
export interface Evidence {
  /** Header fields by lower-case name. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly body: Buffer;
  readonly signal: AbortSignal;
}

/** @throws Problem `invalid-request`, `unauthenticated` or `auth-provider-unavailable` */
export type Authenticate = (evidence: Evidence, accepted: readonly Scheme[]) => Promise<Principal>;

export interface Callers {
  readonly apiKeys: ApiKeys;
}

export function createAuthenticate(callers: Callers, clock: Clock): Authenticate {
  return async ({ headers }, accepted) => {
    const { credentials } = presentedScheme(headers, accepted);
    return authenticateApiKey(callers.apiKeys, credentials, clock.now());
  };
}
