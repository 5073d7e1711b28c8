import { randomUUID } from 'node:crypto';

import type { Emulator } from '../../emulator/emulator.ts';
import { cancelTaskBody } from '../callers/webhook-sign.ts';
import { demoDelivery, oneTaskToken, signedHeaders, type DemoCallers } from '../start/demo.ts';

/** The callers that are not in the browser: the playground's server sends for them, one request or a flood. */

/** A request as it is sent, without the fields that every HTTP client adds. */
export interface SentRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** The gateway's response. */
interface SentResponse {
  readonly status: number;
  readonly statusText: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
  /** From sending the request to the end of the body. */
  readonly ms: number;
}

/** The cancellation that the page asks for. */
interface Wanted {
  readonly taskId: string;
  readonly requestId: string;
  /** The value of `Accept-Language`. */
  readonly language?: string | undefined;
  /** The value of `Prefer`. */
  readonly prefer?: string | undefined;
  /** Of a webhook sender as it is; absent: it signs our own body. */
  readonly kind?: string | undefined;
}

/** An internal service's cancellation, with its API key. */
export function keyRequest(gateway: string, callers: DemoCallers, wanted: Wanted): SentRequest {
  return {
    method: 'DELETE',
    url: `${gateway}/tasks/${encodeURIComponent(wanted.taskId)}`,
    headers: { 'X-API-Key': callers.key, ...commonHeaders(wanted) },
  };
}

/** An internal service's cancellation of several tasks, or a trial of it. */
export function batchRequest(
  gateway: string,
  { key }: DemoCallers,
  { taskIds, dryRun, ...wanted }: WantedBatch,
): SentRequest {
  const headers = {
    'X-API-Key': key,
    'Content-Type': 'application/json',
    ...commonHeaders(wanted),
  };
  const body = JSON.stringify({ taskIds, ...(dryRun && { dryRun }) });
  return { method: 'POST', url: `${gateway}/tasks:cancel`, headers, body };
}

interface WantedBatch extends Pick<Wanted, 'requestId' | 'language'> {
  readonly taskIds: readonly string[];
  readonly dryRun: boolean;
}

/** An agent's cancellation: a call of a tool of the Model Context Protocol, as a client sends it. */
export function agentRequest(gateway: string, { key }: DemoCallers, wanted: Wanted): SentRequest {
  const [version, method, name] = ['2026-07-28', 'tools/call', 'cancel_task'];
  const meta = {
    'io.modelcontextprotocol/protocolVersion': version,
    'io.modelcontextprotocol/clientInfo': { name: 'playground', version: '1.0.0' },
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const params = { name, arguments: { taskId: wanted.taskId }, _meta: meta };
  const headers = {
    'X-API-Key': key,
    'Content-Type': 'application/json',
    Accept: 'application/json, text/event-stream',
    'MCP-Protocol-Version': version,
    'Mcp-Method': method,
    'Mcp-Name': name,
    ...commonHeaders(wanted),
  };
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
  return { method: 'POST', url: `${gateway}/mcp`, headers, body };
}

/** A webhook sender's cancellation, signed now. */
export function webhookRequest(gateway: string, callers: DemoCallers, wanted: Wanted): SentRequest {
  const common = { 'X-Request-Id': wanted.requestId };
  if (wanted.kind !== undefined) {
    const { path, headers: own, body } = demoDelivery(wanted.kind, wanted.taskId, callers);
    return { method: 'POST', url: `${gateway}${path}`, headers: { ...own, ...common }, body };
  }
  const body = cancelTaskBody({ taskId: wanted.taskId }, Date.now());
  // Senders do not send `Prefer`.
  const headers = { ...signedHeaders(body, callers.webhookSecret), ...common };
  return { method: 'POST', url: `${gateway}/webhooks/cancel-task`, headers, body };
}

/** A frontend's cancellation, with a token for the task and a subject of its own. */
async function frontendRequest(
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

const commonHeaders = ({
  requestId,
  language,
  prefer,
}: Omit<Wanted, 'taskId'>): Record<string, string> => ({
  ...(language !== undefined && { 'Accept-Language': language }),
  'X-Request-Id': requestId,
  ...(prefer !== undefined && { Prefer: prefer }),
});

/** Longer than the gateway's own deadline. */
const TIMEOUT_MS = 30_000;

/** @throws what `fetch` throws if there is no response */
export async function sendRequest({ url, ...request }: SentRequest): Promise<SentResponse> {
  const begun = performance.now();
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const response = await fetch(url, { ...request, signal, redirect: 'manual' });
  const body = await response.text();
  const { status, statusText } = response;
  const ms = Math.round(performance.now() - begun);
  return { status, statusText, headers: [...response.headers], body, ms };
}

/** The flood's tasks run on this engine, which sets them apart from the others. */
export const FLOOD_ENGINE = 'flood-engine';

/** Sixty a second, three times what DLC takes, for ten seconds. */
const TICK_MS = 100;
const PER_TICK = 6;
const TICKS = 100;
/** Each has a token and a quota of its own: a single caller would soon be refused for its quota. */
const CALLERS = 12;

interface FloodState {
  readonly isRunning: boolean;
  /** Requests sent so far. */
  readonly offered: number;
  /** Requests of the whole flood. */
  readonly of: number;
  /** How many responses there were, by status. */
  readonly responses: Readonly<Record<string, number>>;
}

interface Flood {
  /** @returns whether it began: only one runs at a time */
  begin(): boolean;
  state(): FloodState;
  /** Ends it early. */
  stop(): void;
}

/** Makes the flood that the rate view shows: far more cancellations than DLC accepts, for a while. */
export function createFlood(emulator: Emulator, gateway: string, callers: DemoCallers): Flood {
  let timer: NodeJS.Timeout | undefined;
  let offered = 0;
  let responses: Record<string, number> = {};

  const stop = (): void => {
    clearInterval(timer);
    timer = undefined;
  };
  async function offer(index: number): Promise<void> {
    const wanted = { taskId: taskId(index), requestId: `flood-${randomUUID()}` };
    const subject = `flood-${index % CALLERS}`;
    const request = await frontendRequest(gateway, callers, { ...wanted, subject });
    const status = await sendRequest(request).then(
      (response) => String(response.status),
      () => 'none',
    );
    responses[status] = (responses[status] ?? 0) + 1;
  }
  function tick(): void {
    for (let i = 0; i < PER_TICK; i++) void offer(offered++);
    if (offered >= TICKS * PER_TICK) stop();
  }

  return {
    begin() {
      if (timer) return false;
      offered = 0;
      responses = {};
      const ids = Array.from({ length: TICKS * PER_TICK }, (_, index) => taskId(index));
      emulator.addTasks(ids.map((id) => ({ id, state: 'running', engine: FLOOD_ENGINE })));
      timer = setInterval(tick, TICK_MS);
      return true;
    },
    state: () => ({
      isRunning: timer !== undefined,
      offered,
      of: TICKS * PER_TICK,
      responses: { ...responses },
    }),
    stop,
  };
}

const taskId = (index: number): string => `flood-${String(index + 1).padStart(3, '0')}`;
