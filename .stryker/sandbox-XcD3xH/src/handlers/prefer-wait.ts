import { required, type Exchange, type Services } from '../exchange.ts';
import { awaitEnd } from '../lib/cancellation/await-end.ts';
import type { FinalState } from '../lib/dlc/task-state.ts';
import { header } from '../lib/http/message.ts';
import { preferredWait } from '../lib/http/prefer.ts';

/** What came of a preference to wait that was followed. */
export interface Waited {
  readonly headers: Readonly<Record<string, string>>;
  /** Absent: time was up, or the state could not be told. */
  readonly state?: FinalState;
}

/**
 * Follows `Prefer: wait=N` (RFC 7240, section 4.3) once DLC has taken the cancellation: waits until the
 * task has ended, but no longer than N seconds from the request's arrival, the configured maximum and
 * the deadline. Gives nothing where it did not wait.
 */
export async function waitAsPreferred(
  exchange: Exchange,
  services: Services,
): Promise<Waited | undefined> {
  const { config, waits } = services;
  const preferred = preferredWait(header(exchange.request.headers, 'prefer') ?? '') ?? 0;
  const upstream = services.upstreamFor(exchange);
  const elapsed = upstream.clock.now() - exchange.startedAt;
  const most = Math.min(config.maxPreferWaitMs, elapsed + exchange.deadline.remaining());
  const ms = Math.min(preferred * 1000, most);
  if (ms <= elapsed || !config.taskStateLookup) return undefined;
  const free = waits.take(required(exchange, 'principal').id);
  if (!free) return undefined;
  try {
    const task = required(exchange, 'task');
    const state = await awaitEnd(task, ms - elapsed, exchange.deadline, upstream);
    return {
      headers: { 'Preference-Applied': `wait=${wholeSeconds(ms)}` },
      ...(state && { state }),
    };
  } finally {
    free();
  }
}

/** The preference knows whole seconds only, and 0 would mean that it was not followed. */
function wholeSeconds(ms: number): number {
  return Math.max(1, Math.floor(ms / 1000));
}
