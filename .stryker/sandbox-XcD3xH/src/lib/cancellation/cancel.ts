function stryNS_9fa48() {
  var g = typeof globalThis === 'object' && globalThis && globalThis.Math === Math && globalThis || new Function("return this")();
  var ns = g.__stryker__ || (g.__stryker__ = {});
  if (ns.activeMutant === undefined && g.process && g.process.env && g.process.env.__STRYKER_ACTIVE_MUTANT__) {
    ns.activeMutant = g.process.env.__STRYKER_ACTIVE_MUTANT__;
  }
  function retrieveNS() {
    return ns;
  }
  stryNS_9fa48 = retrieveNS;
  return retrieveNS();
}
stryNS_9fa48();
function stryCov_9fa48() {
  var ns = stryNS_9fa48();
  var cov = ns.mutantCoverage || (ns.mutantCoverage = {
    static: {},
    perTest: {}
  });
  function cover() {
    var c = cov.static;
    if (ns.currentTestId) {
      c = cov.perTest[ns.currentTestId] = cov.perTest[ns.currentTestId] || {};
    }
    var a = arguments;
    for (var i = 0; i < a.length; i++) {
      c[a[i]] = (c[a[i]] || 0) + 1;
    }
  }
  stryCov_9fa48 = cover;
  cover.apply(null, arguments);
}
function stryMutAct_9fa48(id) {
  var ns = stryNS_9fa48();
  function isActive(id) {
    if (ns.activeMutant === id) {
      if (ns.hitCount !== void 0 && ++ns.hitCount > ns.hitLimit) {
        throw new Error('Stryker: Hit count limit reached (' + ns.hitCount + ')');
      }
      return true;
    }
    return false;
  }
  stryMutAct_9fa48 = isActive;
  return isActive(id);
}
import type { Clock } from '../clock.ts';
import { within, type TimeLeft } from '../deadline.ts';
import type { TaskRef } from '../task-request.ts';
import type { DlcClient } from '../dlc/client.ts';
import { TOO_LATE } from '../dlc/failure.ts';
import { needsLookup, settle, type Attempt, type CancelAnswer } from './outcome.ts';
import { decideRetry, SHORTEST_ATTEMPT_MS } from './retry.ts';
import { noTurn, type TurnAnswer } from './turn.ts';
import { describeTask, type DescribedTask, type Lookup } from '../dlc/task-state.ts';
export interface UpstreamSettings {
  readonly attemptTimeoutMs: number;
  readonly maxAttempts: number;
  /** False: DescribeTasks is never called. */
  readonly lookup: boolean;
}
export interface Upstream {
  readonly dlc: Pick<DlcClient, 'call'>;
  readonly settings: UpstreamSettings;
  readonly clock: Clock;
  readonly random: () => number;
  readonly traceId?: string;
  /**
   * Waits for a turn upstream, which every attempt spends; absent: there is no pace to keep.
   *
   * @param reachMs gives the milliseconds from now in which a turn is of use
   */
  readonly takeTurn?: (region: string, reachMs: () => number, signal: AbortSignal) => Promise<TurnAnswer>;
  /** Told of every attempt that ends. */
  readonly onAttempt?: (attempt: Attempt) => void;
  /** Told of the task wherever DLC shows it. */
  readonly onFound?: (task: DescribedTask) => void;
}

/** Kept free for the lookup that settles an unknown outcome: this much, or a quarter of what there is. */
const LOOKUP_RESERVE_MS = 1000;

/**
 * Asks DLC to cancel a task: attempts, pauses between them, and a look at the task's state where only
 * that tells what happened. All of it within the deadline; what goes wrong is in the answer.
 */
export async function cancelTask(task: TaskRef, deadline: TimeLeft, upstream: Upstream): Promise<CancelAnswer> {
  if (stryMutAct_9fa48("32")) {
    {}
  } else {
    stryCov_9fa48("32");
    const attempts = await attemptUntilSettled(task, deadline, upstream);
    const lookup = needsLookup(attempts) ? await lookUp(task, deadline, upstream) : undefined;
    return settle(attempts, lookup);
  }
}
async function attemptUntilSettled(task: TaskRef, deadline: TimeLeft, upstream: Upstream): Promise<Attempt[]> {
  if (stryMutAct_9fa48("33")) {
    {}
  } else {
    stryCov_9fa48("33");
    const {
      settings,
      clock,
      random
    } = upstream;
    const reserve = settings.lookup ? stryMutAct_9fa48("34") ? Math.max(LOOKUP_RESERVE_MS, deadline.remaining() / 4) : (stryCov_9fa48("34"), Math.min(LOOKUP_RESERVE_MS, stryMutAct_9fa48("35") ? deadline.remaining() * 4 : (stryCov_9fa48("35"), deadline.remaining() / 4))) : 0;
    const remaining = stryMutAct_9fa48("36") ? () => undefined : (stryCov_9fa48("36"), (() => {
      const remaining = (): number => stryMutAct_9fa48("37") ? deadline.remaining() + reserve : (stryCov_9fa48("37"), deadline.remaining() - reserve);
      return remaining;
    })());
    const reach = stryMutAct_9fa48("38") ? () => undefined : (stryCov_9fa48("38"), (() => {
      const reach = (): number => stryMutAct_9fa48("39") ? remaining() + SHORTEST_ATTEMPT_MS : (stryCov_9fa48("39"), remaining() - SHORTEST_ATTEMPT_MS);
      return reach;
    })());
    const attempts: Attempt[] = stryMutAct_9fa48("40") ? ["Stryker was here"] : (stryCov_9fa48("40"), []);
    if (stryMutAct_9fa48("41")) {
      for (; false;) {
        const timeLeft = remaining();
        const decision = decideRetry(attempts, settings.maxAttempts, timeLeft, random);
        if (!decision.again) break;
        if (decision.afterMs > 0) await clock.sleep(decision.afterMs, deadline.signal).catch(() => undefined);
        if (deadline.signal.aborted) break;
        const turn = await upstream.takeTurn?.(task.region, reach, deadline.signal);
        if (turn?.go === false) return [...attempts.slice(0, -1), noTurn(attempts.at(-1), turn)];
        const ms = Math.min(settings.attemptTimeoutMs, remaining());
        const attempt = await within(ms, deadline.signal, signal => once(task, signal, upstream, turn?.mayLeave));
        if (attempt === TOO_LATE) continue;
        attempts.push(attempt);
        upstream.onAttempt?.(attempt);
      }
    } else {
      stryCov_9fa48("41");
      for (;;) {
        if (stryMutAct_9fa48("42")) {
          {}
        } else {
          stryCov_9fa48("42");
          const timeLeft = remaining();
          const decision = decideRetry(attempts, settings.maxAttempts, timeLeft, random);
          if (stryMutAct_9fa48("45") ? false : stryMutAct_9fa48("44") ? true : stryMutAct_9fa48("43") ? decision.again : (stryCov_9fa48("43", "44", "45"), !decision.again)) break;
          if (stryMutAct_9fa48("49") ? decision.afterMs <= 0 : stryMutAct_9fa48("48") ? decision.afterMs >= 0 : stryMutAct_9fa48("47") ? false : stryMutAct_9fa48("46") ? true : (stryCov_9fa48("46", "47", "48", "49"), decision.afterMs > 0)) await clock.sleep(decision.afterMs, deadline.signal).catch(() => undefined);
          if (stryMutAct_9fa48("51") ? false : stryMutAct_9fa48("50") ? true : (stryCov_9fa48("50", "51"), deadline.signal.aborted)) break;
          const turn = await (stryMutAct_9fa48("52") ? upstream.takeTurn(task.region, reach, deadline.signal) : (stryCov_9fa48("52"), upstream.takeTurn?.(task.region, reach, deadline.signal)));
          if (stryMutAct_9fa48("55") ? turn?.go !== false : stryMutAct_9fa48("54") ? false : stryMutAct_9fa48("53") ? true : (stryCov_9fa48("53", "54", "55"), (stryMutAct_9fa48("56") ? turn.go : (stryCov_9fa48("56"), turn?.go)) === (stryMutAct_9fa48("57") ? true : (stryCov_9fa48("57"), false)))) return stryMutAct_9fa48("58") ? [] : (stryCov_9fa48("58"), [...(stryMutAct_9fa48("59") ? attempts : (stryCov_9fa48("59"), attempts.slice(0, stryMutAct_9fa48("60") ? +1 : (stryCov_9fa48("60"), -1)))), noTurn(attempts.at(stryMutAct_9fa48("61") ? +1 : (stryCov_9fa48("61"), -1)), turn)]);
          const ms = stryMutAct_9fa48("62") ? Math.max(settings.attemptTimeoutMs, remaining()) : (stryCov_9fa48("62"), Math.min(settings.attemptTimeoutMs, remaining()));
          const attempt = await within(ms, deadline.signal, stryMutAct_9fa48("63") ? () => undefined : (stryCov_9fa48("63"), signal => once(task, signal, upstream, stryMutAct_9fa48("64") ? turn.mayLeave : (stryCov_9fa48("64"), turn?.mayLeave))));
          if (stryMutAct_9fa48("67") ? attempt !== TOO_LATE : stryMutAct_9fa48("66") ? false : stryMutAct_9fa48("65") ? true : (stryCov_9fa48("65", "66", "67"), attempt === TOO_LATE)) continue;
          attempts.push(attempt);
          stryMutAct_9fa48("68") ? upstream.onAttempt(attempt) : (stryCov_9fa48("68"), upstream.onAttempt?.(attempt));
        }
      }
    }
    return (stryMutAct_9fa48("72") ? attempts.length <= 0 : stryMutAct_9fa48("71") ? attempts.length >= 0 : stryMutAct_9fa48("70") ? false : stryMutAct_9fa48("69") ? true : (stryCov_9fa48("69", "70", "71", "72"), attempts.length > 0)) ? attempts : stryMutAct_9fa48("73") ? [] : (stryCov_9fa48("73"), [NO_TIME]);
  }
}

/** The deadline had passed before anything could be written. */
const NO_TIME: Attempt = stryMutAct_9fa48("74") ? {} : (stryCov_9fa48("74"), {
  outcome: stryMutAct_9fa48("75") ? "" : (stryCov_9fa48("75"), 'did-not-happen'),
  code: stryMutAct_9fa48("76") ? "" : (stryCov_9fa48("76"), 'upstream-timeout'),
  again: stryMutAct_9fa48("77") ? false : (stryCov_9fa48("77"), true),
  reason: stryMutAct_9fa48("78") ? "" : (stryCov_9fa48("78"), 'no time for an attempt')
});
async function once(task: TaskRef, signal: AbortSignal, upstream: Upstream, mayLeave?: () => boolean): Promise<Attempt> {
  if (stryMutAct_9fa48("79")) {
    {}
  } else {
    stryCov_9fa48("79");
    const options = stryMutAct_9fa48("80") ? {} : (stryCov_9fa48("80"), {
      ...callOptions(task, signal, upstream),
      ...(stryMutAct_9fa48("83") ? mayLeave || {
        mayLeave
      } : stryMutAct_9fa48("82") ? false : stryMutAct_9fa48("81") ? true : (stryCov_9fa48("81", "82", "83"), mayLeave && (stryMutAct_9fa48("84") ? {} : (stryCov_9fa48("84"), {
        mayLeave
      }))))
    });
    const reply = await upstream.dlc.call(stryMutAct_9fa48("85") ? "" : (stryCov_9fa48("85"), 'CancelTask'), stryMutAct_9fa48("86") ? {} : (stryCov_9fa48("86"), {
      TaskId: task.taskId
    }), options);
    if (stryMutAct_9fa48("89") ? reply.outcome === 'answered' : stryMutAct_9fa48("88") ? false : stryMutAct_9fa48("87") ? true : (stryCov_9fa48("87", "88", "89"), reply.outcome !== (stryMutAct_9fa48("90") ? "" : (stryCov_9fa48("90"), 'answered')))) return reply;
    return stryMutAct_9fa48("91") ? {} : (stryCov_9fa48("91"), {
      outcome: stryMutAct_9fa48("92") ? "" : (stryCov_9fa48("92"), 'accepted'),
      upstreamRequestId: reply.requestId
    });
  }
}

/**
 * The task's state now, or nothing where it cannot be known: a cancellation never fails because a
 * lookup did. A lookup that fails for a passing reason is tried once more.
 */
export async function lookUp(task: TaskRef, deadline: TimeLeft, upstream: Upstream): Promise<Lookup | undefined> {
  if (stryMutAct_9fa48("93")) {
    {}
  } else {
    stryCov_9fa48("93");
    if (stryMutAct_9fa48("96") ? false : stryMutAct_9fa48("95") ? true : stryMutAct_9fa48("94") ? upstream.settings.lookup : (stryCov_9fa48("94", "95", "96"), !upstream.settings.lookup)) return undefined;
    // Half of the time that is left, so that a lookup that hangs leaves room for another.
    const first = await lookUpWithin(stryMutAct_9fa48("97") ? deadline.remaining() * 2 : (stryCov_9fa48("97"), deadline.remaining() / 2), task, deadline, upstream);
    const failedForNow = stryMutAct_9fa48("100") ? first && 'again' in first || first.again : stryMutAct_9fa48("99") ? false : stryMutAct_9fa48("98") ? true : (stryCov_9fa48("98", "99", "100"), (stryMutAct_9fa48("102") ? first || 'again' in first : stryMutAct_9fa48("101") ? true : (stryCov_9fa48("101", "102"), first && (stryMutAct_9fa48("103") ? "" : (stryCov_9fa48("103"), 'again')) in first)) && first.again);
    return failedForNow ? lookUpWithin(deadline.remaining(), task, deadline, upstream) : first;
  }
}

/** One look at the task's state, within this much time. */
export async function lookUpWithin(timeLeft: number, task: TaskRef, deadline: TimeLeft, upstream: Upstream): Promise<Lookup | undefined> {
  if (stryMutAct_9fa48("104")) {
    {}
  } else {
    stryCov_9fa48("104");
    if (stryMutAct_9fa48("106") ? false : stryMutAct_9fa48("105") ? true : (stryCov_9fa48("105", "106"), deadline.signal.aborted)) return undefined;
    const ms = stryMutAct_9fa48("107") ? Math.max(upstream.settings.attemptTimeoutMs, timeLeft) : (stryCov_9fa48("107"), Math.min(upstream.settings.attemptTimeoutMs, timeLeft));
    const found = await within(ms, deadline.signal, stryMutAct_9fa48("108") ? () => undefined : (stryCov_9fa48("108"), signal => describeTask(upstream.dlc, task.taskId, callOptions(task, signal, upstream))));
    if (stryMutAct_9fa48("111") ? found.outcome !== 'found' : stryMutAct_9fa48("110") ? false : stryMutAct_9fa48("109") ? true : (stryCov_9fa48("109", "110", "111"), found.outcome === (stryMutAct_9fa48("112") ? "" : (stryCov_9fa48("112"), 'found')))) stryMutAct_9fa48("113") ? upstream.onFound(found.task) : (stryCov_9fa48("113"), upstream.onFound?.(found.task));
    return found;
  }
}
function callOptions({
  region
}: TaskRef, signal: AbortSignal, {
  traceId
}: Upstream) {
  if (stryMutAct_9fa48("114")) {
    {}
  } else {
    stryCov_9fa48("114");
    return stryMutAct_9fa48("115") ? {} : (stryCov_9fa48("115"), {
      region,
      signal,
      ...(stryMutAct_9fa48("118") ? traceId !== undefined || {
        traceId
      } : stryMutAct_9fa48("117") ? false : stryMutAct_9fa48("116") ? true : (stryCov_9fa48("116", "117", "118"), (stryMutAct_9fa48("120") ? traceId === undefined : stryMutAct_9fa48("119") ? true : (stryCov_9fa48("119", "120"), traceId !== undefined)) && (stryMutAct_9fa48("121") ? {} : (stryCov_9fa48("121"), {
        traceId
      }))))
    });
  }
}