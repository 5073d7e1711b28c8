import { randomUUID } from 'node:crypto';

import { header, type HttpRequest } from './message.ts';

export const USABLE = /^[A-Za-z0-9._-]{1,128}$/;

/** The caller's own `X-Request-Id`, else the platform's id, else a new UUID; only ids that are safe to echo. */
export function requestIdFor(request: Pick<HttpRequest, 'headers' | 'platformRequestId'>): string {
  const candidates = [header(request.headers, 'x-request-id'), request.platformRequestId];
  return candidates.find((id) => id !== undefined && USABLE.test(id)) ?? randomUUID();
}
