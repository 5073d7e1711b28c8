import { createHash, randomUUID, timingSafeEqual } from 'node:crypto';

import { Refusal, statusOf, type RefusalStatus } from './refusal.ts';

/** What the peers have in common, so that they differ in framework and SDK alone: nothing here knows of either. */

/** A caller, as an entry of `API_KEYS` has it: the key's SHA-256 in hex, never the key. */
interface KeyEntry {
  readonly id: string;
  readonly sha256: string;
  readonly scopes: readonly string[];
  /** RFC 3339. */
  readonly expires?: string | undefined;
}

export type Env = Readonly<Record<string, string | undefined>>;

export interface Settings {
  /** By the key's SHA-256 in hex. */
  readonly keys: ReadonlyMap<string, KeyEntry>;
  /** The default region, then what else a caller may name. */
  readonly regions: readonly [string, ...string[]];
}

export interface Task {
  readonly taskId: string;
  readonly region: string;
}

/** Asks DLC to cancel a task, and gives DLC's request id; throws a Refusal where DLC does not. */
export type Cancel = (task: Task) => Promise<string>;

/** What a framework has to send. `body` is JSON, its media type among the headers. */
export interface Answer {
  readonly status: 202 | RefusalStatus;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, string | number>>;
}

const SCOPE = 'tasks:cancel';
const TASK_ID = /^[A-Za-z0-9_-]{1,128}$/;
const REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/;

/** The same settings as the gateway's, as far as they are about this job. To be read once, at the start. */
export function readSettings(env: Env): Settings {
  return toSettings(env, JSON.parse(env['API_KEYS'] ?? '[]'));
}

export function toSettings(env: Env, entries: readonly KeyEntry[]): Settings {
  const others = (env['DLC_REGIONS'] ?? '').split(',').filter((region) => region !== '');
  return {
    keys: new Map(entries.map((entry) => [entry.sha256, entry])),
    regions: [env['DLC_REGION'] ?? 'ap-guangzhou', ...others],
  };
}

/**
 * Lets a caller pass whose key is known, has not expired, and may cancel.
 *
 * @throws Refusal with 401 or 403
 */
export function authorize({ keys }: Settings, apiKey: string | undefined): void {
  const digest = createHash('sha256')
    .update(apiKey ?? '')
    .digest();
  const entry = keys.get(digest.toString('hex'));
  const isKnown = entry && timingSafeEqual(Buffer.from(entry.sha256, 'hex'), digest);
  if (!isKnown || (entry.expires !== undefined && Date.parse(entry.expires) <= Date.now())) {
    throw new Refusal(401, 'unauthenticated', 'The API key is missing or not valid.', {
      'www-authenticate': 'Bearer realm="dlc-task-gateway"',
    });
  }
  if (!entry.scopes.includes(SCOPE)) {
    throw new Refusal(403, 'insufficient-scope', `The API key has no scope ${SCOPE}.`);
  }
}

/**
 * Checks what a caller names.
 *
 * @throws Refusal with 400
 */
export function readTask(
  { regions }: Settings,
  taskId: string | undefined,
  region: string = regions[0],
): Task {
  if (taskId === undefined || !TASK_ID.test(taskId)) throw invalid('The task id is not valid.');
  if (!regions.includes(region)) throw invalid('The region is not one of the allowed ones.');
  return { taskId, region };
}

export function invalid(detail: string): Refusal {
  return new Refusal(400, 'invalid-request', detail);
}

/** The caller's own id where it is fit for a header, else the platform's, else a new one. */
export function requestIdOf(given: string | undefined, ofPlatform: string | undefined): string {
  if (given !== undefined && REQUEST_ID.test(given)) return given;
  return ofPlatform ?? randomUUID();
}

/** DLC has accepted the cancellation. */
export function accepted(task: Task, requestId: string, upstreamRequestId: string): Answer {
  return {
    status: 202,
    headers: headersOf(requestId, 'application/json', { 'retry-after': '1' }),
    body: { ...task, outcome: 'cancel_requested', requestId, upstreamRequestId },
  };
}

/** Anything that was thrown, as a problem (RFC 9457). An unexpected error is a 500 without details. */
export function refused(error: unknown, requestId: string): Answer {
  const refusal = error instanceof Refusal ? error : ofFramework(statusOf(error));
  const { status, code, message: detail, headers } = refusal;
  return {
    status,
    headers: headersOf(requestId, 'application/problem+json', headers),
    body: { type: `/problems/${code}`, title: code, status, detail, code, requestId },
  };
}

function ofFramework(status: RefusalStatus): Refusal {
  if (status === 404) return new Refusal(404, 'route-not-found', 'There is nothing at this path.');
  if (status < 500) return new Refusal(status, 'invalid-request', 'Not valid.');
  return new Refusal(500, 'internal-error', 'Something went wrong.');
}

function headersOf(
  requestId: string,
  mediaType: string,
  more: Readonly<Record<string, string>>,
): Answer['headers'] {
  return {
    'content-type': mediaType,
    'cache-control': 'no-store',
    'x-request-id': requestId,
    ...more,
  };
}
