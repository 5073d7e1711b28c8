import type { HttpResponse } from './message.ts';

/** On every answer, whatever happened. */
export const ALWAYS = {
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'Strict-Transport-Security': 'max-age=31536000; includeSubDomains',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
} as const;

export function withAlwaysHeaders(response: HttpResponse, requestId: string): HttpResponse {
  const headers = { ...response.headers, ...ALWAYS, 'X-Request-Id': requestId };
  return { ...response, headers };
}
