import { required, type Exchange, type Tally } from './exchange.ts';
import type { Clock } from './lib/clock.ts';
import type { Config } from './lib/config/config.ts';
import type { Upstream } from './lib/cancellation/cancel.ts';
import type { DlcClient } from './lib/dlc/client.ts';
import { TOO_LATE } from './lib/dlc/failure.ts';
import { awaitTurn, type Turns } from './lib/rate-limit/await-turn.ts';
import type { Log } from './lib/observability/log.ts';

/** What there is to reach DLC with, for all requests. */
export interface Reach {
  readonly config: Pick<Config, 'attemptTimeoutMs' | 'maxAttempts' | 'taskStateLookup'>;
  readonly dlc: DlcClient;
  readonly log: Log;
  readonly clock: Clock;
  readonly random: () => number;
  readonly turns: Turns;
  /** How many wait for a turn upstream now. */
  readonly load: { waiting: number };
}

/** DLC for one request, which is told what is done there: in a tally, and in the log at `debug`. */
export function upstreamFor(exchange: Exchange, tally: Tally, reach: Reach): Upstream {
  const { attemptTimeoutMs, maxAttempts, taskStateLookup: lookup } = reach.config;
  const { clock, random, turns } = reach;
  return {
    dlc: { call: observedCall(exchange, tally, reach) },
    settings: { attemptTimeoutMs, maxAttempts, lookup },
    clock,
    random,
    traceId: exchange.traceId,
    takeTurn: observedTurn(exchange, tally, reach),
    onAttempt(attempt) {
      if (attempt.outcome !== 'accepted' && attempt.code === 'upstream-rate-limited') {
        turns.limiter.pushBack(required(exchange, 'task').region);
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
  { dlc, turns, load, log }: Reach,
): NonNullable<Upstream['takeTurn']> {
  return async (region, reachMs, signal) => {
    const begun = turns.steadyMs();
    const principal = required(exchange, 'principal').id;
    load.waiting += 1;
    try {
      const prepare = (): Promise<void> => dlc.connect(signal);
      const turn = await awaitTurn({ region, principal, reachMs, signal, prepare }, turns);
      const ms = Math.round(turns.steadyMs() - begun);
      log.write('debug', 'turn', { requestId: exchange.requestId, region, granted: turn.go, ms });
      return turn;
    } finally {
      load.waiting -= 1;
      tally.waitMs += turns.steadyMs() - begun;
    }
  };
}
