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
import type { TimeLeft } from '../deadline.ts';
import type { TaskRef } from '../task-request.ts';
import { lookUpWithin, type Upstream } from './cancel.ts';
import { isFinal, type FinalState } from '../dlc/task-state.ts';

/** Pauses between looks: 100 ms, 200 ms, 400 ms, …, but never above 1 s. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1000;
/** The last look comes so long before the end that there is time for its answer. */
const LAST_LOOK_MS = 100;

/**
 * Looks at a task's state until it is final.
 *
 * @param ms how long at most; never beyond the deadline
 * @returns the final state; nothing where time was up, or DLC refuses to tell
 */
export async function awaitEnd(task: TaskRef, ms: number, deadline: TimeLeft, upstream: Upstream): Promise<FinalState | undefined> {
  if (stryMutAct_9fa48("0")) {
    {}
  } else {
    stryCov_9fa48("0");
    const {
      clock
    } = upstream;
    const endsAt = stryMutAct_9fa48("1") ? clock.now() - ms : (stryCov_9fa48("1"), clock.now() + ms);
    const timeLeft = stryMutAct_9fa48("2") ? () => undefined : (stryCov_9fa48("2"), (() => {
      const timeLeft = (): number => stryMutAct_9fa48("3") ? Math.max(endsAt - clock.now(), deadline.remaining()) : (stryCov_9fa48("3"), Math.min(stryMutAct_9fa48("4") ? endsAt + clock.now() : (stryCov_9fa48("4"), endsAt - clock.now()), deadline.remaining()));
      return timeLeft;
    })());
    if (stryMutAct_9fa48("5")) {
      for (let pause = FIRST_PAUSE_MS; false; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
        const wait = Math.min(pause, timeLeft() - LAST_LOOK_MS);
        if (wait <= 0) return undefined;
        await clock.sleep(wait, deadline.signal).catch(() => undefined);
        const seen = await lookUpWithin(timeLeft(), task, deadline, upstream);
        if (seen?.outcome === 'found' && isFinal(seen.task.state)) return seen.task.state;
        const isRefused = seen && 'again' in seen && !seen.again;
        if (isRefused || deadline.signal.aborted) return undefined;
      }
    } else {
      stryCov_9fa48("5");
      for (let pause = FIRST_PAUSE_MS;; pause = stryMutAct_9fa48("6") ? Math.max(2 * pause, LONGEST_PAUSE_MS) : (stryCov_9fa48("6"), Math.min(stryMutAct_9fa48("7") ? 2 / pause : (stryCov_9fa48("7"), 2 * pause), LONGEST_PAUSE_MS))) {
        if (stryMutAct_9fa48("8")) {
          {}
        } else {
          stryCov_9fa48("8");
          const wait = stryMutAct_9fa48("9") ? Math.max(pause, timeLeft() - LAST_LOOK_MS) : (stryCov_9fa48("9"), Math.min(pause, stryMutAct_9fa48("10") ? timeLeft() + LAST_LOOK_MS : (stryCov_9fa48("10"), timeLeft() - LAST_LOOK_MS)));
          if (stryMutAct_9fa48("14") ? wait > 0 : stryMutAct_9fa48("13") ? wait < 0 : stryMutAct_9fa48("12") ? false : stryMutAct_9fa48("11") ? true : (stryCov_9fa48("11", "12", "13", "14"), wait <= 0)) return undefined;
          await clock.sleep(wait, deadline.signal).catch(() => undefined);
          const seen = await lookUpWithin(timeLeft(), task, deadline, upstream);
          if (stryMutAct_9fa48("17") ? seen?.outcome === 'found' || isFinal(seen.task.state) : stryMutAct_9fa48("16") ? false : stryMutAct_9fa48("15") ? true : (stryCov_9fa48("15", "16", "17"), (stryMutAct_9fa48("19") ? seen?.outcome !== 'found' : stryMutAct_9fa48("18") ? true : (stryCov_9fa48("18", "19"), (stryMutAct_9fa48("20") ? seen.outcome : (stryCov_9fa48("20"), seen?.outcome)) === (stryMutAct_9fa48("21") ? "" : (stryCov_9fa48("21"), 'found')))) && isFinal(seen.task.state))) return seen.task.state;
          const isRefused = stryMutAct_9fa48("24") ? seen && 'again' in seen || !seen.again : stryMutAct_9fa48("23") ? false : stryMutAct_9fa48("22") ? true : (stryCov_9fa48("22", "23", "24"), (stryMutAct_9fa48("26") ? seen || 'again' in seen : stryMutAct_9fa48("25") ? true : (stryCov_9fa48("25", "26"), seen && (stryMutAct_9fa48("27") ? "" : (stryCov_9fa48("27"), 'again')) in seen)) && (stryMutAct_9fa48("28") ? seen.again : (stryCov_9fa48("28"), !seen.again)));
          if (stryMutAct_9fa48("31") ? isRefused && deadline.signal.aborted : stryMutAct_9fa48("30") ? false : stryMutAct_9fa48("29") ? true : (stryCov_9fa48("29", "30", "31"), isRefused || deadline.signal.aborted)) return undefined;
        }
      }
    }
  }
}