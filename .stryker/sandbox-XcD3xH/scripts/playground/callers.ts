import { randomUUID } from 'node:crypto';

import { oneTaskToken, type DemoCallers } from '../start/demo.ts';
import { cancelTaskBody, webhookHeaders } from '../callers/webhook-sign.ts';

/** The two callers that are no browser: the playground's server sends for them, and shows what it sent. */

/** A request as it is sent, but for what every HTTP client adds. */
export interface SentRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Answer {
  readonly status: number;
  readonly statusText: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
  /** From sending to the body's end. */
  readonly ms: number;
}

export interface Wanted {
  readonly taskId: string;
  readonly requestId: string;
  /** The value of `Prefer`. */
  readonly prefer?: string | undefined;
}

/** An internal service's cancellation, with its API key. */
export function keyRequest(gateway: string, callers: DemoCallers, wanted: Wanted): SentRequest {
  return {
    method: 'DELETE',
    url: `${gateway}/tasks/${encodeURIComponent(wanted.taskId)}`,
    headers: { 'X-API-Key': callers.key, ...commonHeaders(wanted) },
  };
}

/** A webhook sender's cancellation, signed now. */
export function webhookRequest(gateway: string, callers: DemoCallers, wanted: Wanted): SentRequest {
  const now = Date.now();
  const body = cancelTaskBody({ taskId: wanted.taskId }, now);
  const message = { id: `msg_${randomUUID()}`, timestamp: Math.floor(now / 1000), body };
  const headers = webhookHeaders(message, [callers.webhookSecret]);
  // A sender prefers nothing: what is not on its list of fields stays out.
  const id = { 'X-Request-Id': wanted.requestId };
  return {
    method: 'POST',
    url: `${gateway}/webhooks/cancel-task`,
    headers: { ...headers, ...id },
    body,
  };
}

/** A frontend's cancellation, with a token for the task and a subject of its own. */
export async function frontendRequest(
  gateway: string,
  callers: DemoCallers,
  { subject, ...wanted }: Wanted & { readonly subject: string },
): Promise<SentRequest> {
  const token = await oneTaskToken(callers.tokenSecret, wanted.taskId, subject);
  return {
    method: 'DELETE',
    url: `${gateway}/tasks/${encodeURIComponent(wanted.taskId)}`,
    headers: { Authorization: `Bearer ${token}`, ...commonHeaders(wanted) },
  };
}

const commonHeaders = ({ requestId, prefer }: Wanted): Record<string, string> => ({
  'X-Request-Id': requestId,
  ...(prefer !== undefined && { Prefer: prefer }),
});

/** Longer than the gateway's own deadline. */
const TIMEOUT_MS = 30_000;

/** @throws what `fetch` throws where there is no answer */
export async function sendRequest({ url, ...request }: SentRequest): Promise<Answer> {
  const begun = performance.now();
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const response = await fetch(url, { ...request, signal, redirect: 'manual' });
  const body = await response.text();
  const { status, statusText } = response;
  const ms = Math.round(performance.now() - begun);
  return { status, statusText, headers: [...response.headers], body, ms };
}
