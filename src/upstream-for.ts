import { required, type Exchange, type Tally } from './exchange.ts';
import type { Clock } from './lib/clock.ts';
import type { Config } from './lib/config/config.ts';
import type { Upstream } from './lib/cancellation/cancel.ts';
import type { DlcClient } from './lib/dlc/client.ts';
import { TOO_LATE } from './lib/dlc/failure.ts';
import type { Limiter } from './lib/rate-limit/limiter.ts';
import type { Log } from './lib/observability/log.ts';

/** What there is to reach DLC with, for all requests. */
export interface Reach {
  readonly config: Pick<Config, 'attemptTimeoutMs' | 'maxAttempts' | 'taskStateLookup'>;
  readonly dlc: DlcClient;
  readonly log: Log;
  readonly clock: Clock;
  readonly random: () => number;
  readonly limiter: Limiter;
  /** Milliseconds of a clock that never jumps. */
  readonly steadyMs: () => number;
  /** How many wait for a turn upstream now. */
  readonly load: { waiting: number };
}

/** DLC for one request, which is told what is done there: in a tally, and in the log at `debug`. */
export function upstreamFor(exchange: Exchange, tally: Tally, reach: Reach): Upstream {
  const { attemptTimeoutMs, maxAttempts, taskStateLookup: lookup } = reach.config;
  const { clock, random, limiter } = reach;
  return {
    dlc: { call: observedCall(exchange, tally, reach) },
    settings: { attemptTimeoutMs, maxAttempts, lookup },
    clock,
    random,
    traceId: exchange.traceId,
    takeTurn: observedTurn(exchange, tally, reach),
    onAttempt(attempt) {
      if (attempt.outcome !== 'accepted' && attempt.code === 'upstream-rate-limited') {
        limiter.backOff(required(exchange, 'task').region);
      }
    },
    onFound({ engineNames: [engine] }) {
      if (engine !== undefined) tally.engine = engine;
    },
  };
}

function observedCall(
  { requestId, traceId }: Exchange,
  tally: Tally,
  { dlc, clock, log }: Reach,
): DlcClient['call'] {
  return async (action, input, options) => {
    const begun = clock.now();
    if (action === 'CancelTask') tally.attempts += 1;
    const attempt = action === 'CancelTask' ? tally.attempts : undefined;
    try {
      const reply = await dlc.call(action, input, options);
      if (reply === TOO_LATE) {
        // Nothing was sent: no attempt, and no call to tell of or to count.
        tally.attempts -= 1;
        return reply;
      }
      const told = reply.outcome === 'answered' ? {} : { code: reply.code, reason: reply.reason };
      const fields = { requestId, traceId, action, attempt, outcome: reply.outcome, ...told };
      log.write('debug', 'call', { ...fields, ms: clock.now() - begun });
      return reply;
    } finally {
      tally.upstreamMs = (tally.upstreamMs ?? 0) + clock.now() - begun;
    }
  };
}

function observedTurn(
  exchange: Exchange,
  tally: Tally,
  { dlc, limiter, steadyMs, load, log }: Reach,
): NonNullable<Upstream['takeTurn']> {
  return async (region, reachMs, signal) => {
    const begun = steadyMs();
    const principal = required(exchange, 'principal').id;
    load.waiting += 1;
    try {
      const prepare = (): Promise<void> => dlc.connect(signal);
      const request = { region, principal, kind: 'single', reachMs, signal, prepare } as const;
      const acquired = await limiter.acquire(request);
      const { granted } = acquired;
      const ms = Math.round(steadyMs() - begun);
      log.write('debug', 'turn', { requestId: exchange.requestId, region, granted, ms });
      if (!acquired.granted) return { go: false, retryAfter: acquired.retryAfter };
      return { go: true, mayLeave: acquired.isValid };
    } finally {
      load.waiting -= 1;
      tally.waitMs += steadyMs() - begun;
    }
  };
}
