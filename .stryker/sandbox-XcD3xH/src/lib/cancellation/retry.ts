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
import type { Attempt } from './outcome.ts';

/** Full-jitter back-off: a pause of anything up to 200 ms, 400 ms, 800 ms, … but never above 2 s. */
const BASE_MS = 200;
const CAP_MS = 2000;

/** An attempt with less time than this is not begun: it could only end unknown. */
export const SHORTEST_ATTEMPT_MS = 200;
export type RetryDecision = {
  readonly again: true;
  readonly afterMs: number;
} | {
  readonly again: false;
  readonly why: 'settled' | 'attempts' | 'time';
};

/**
 * Decides whether CancelTask is tried again, and when.
 *
 * @param attempts what has happened so far, in order
 * @param maxAttempts how many attempts there may be in all
 * @param remainingMs milliseconds that are left for attempts
 * @param random from 0 to 1, as `Math.random` gives it
 */
export function decideRetry(attempts: readonly Attempt[], maxAttempts: number, remainingMs: number, random: () => number): RetryDecision {
  if (stryMutAct_9fa48("300")) {
    {}
  } else {
    stryCov_9fa48("300");
    const last = attempts.at(stryMutAct_9fa48("301") ? +1 : (stryCov_9fa48("301"), -1));
    if (stryMutAct_9fa48("304") ? last || !mayTryAgain(last, attempts) : stryMutAct_9fa48("303") ? false : stryMutAct_9fa48("302") ? true : (stryCov_9fa48("302", "303", "304"), last && (stryMutAct_9fa48("305") ? mayTryAgain(last, attempts) : (stryCov_9fa48("305"), !mayTryAgain(last, attempts))))) return stryMutAct_9fa48("306") ? {} : (stryCov_9fa48("306"), {
      again: stryMutAct_9fa48("307") ? true : (stryCov_9fa48("307"), false),
      why: stryMutAct_9fa48("308") ? "" : (stryCov_9fa48("308"), 'settled')
    });
    if (stryMutAct_9fa48("312") ? attempts.length < maxAttempts : stryMutAct_9fa48("311") ? attempts.length > maxAttempts : stryMutAct_9fa48("310") ? false : stryMutAct_9fa48("309") ? true : (stryCov_9fa48("309", "310", "311", "312"), attempts.length >= maxAttempts)) return stryMutAct_9fa48("313") ? {} : (stryCov_9fa48("313"), {
      again: stryMutAct_9fa48("314") ? true : (stryCov_9fa48("314"), false),
      why: stryMutAct_9fa48("315") ? "" : (stryCov_9fa48("315"), 'attempts')
    });
    const afterMs = last ? backOff(attempts.length, random) : 0;
    if (stryMutAct_9fa48("319") ? remainingMs - afterMs >= SHORTEST_ATTEMPT_MS : stryMutAct_9fa48("318") ? remainingMs - afterMs <= SHORTEST_ATTEMPT_MS : stryMutAct_9fa48("317") ? false : stryMutAct_9fa48("316") ? true : (stryCov_9fa48("316", "317", "318", "319"), (stryMutAct_9fa48("320") ? remainingMs + afterMs : (stryCov_9fa48("320"), remainingMs - afterMs)) < SHORTEST_ATTEMPT_MS)) return stryMutAct_9fa48("321") ? {} : (stryCov_9fa48("321"), {
      again: stryMutAct_9fa48("322") ? true : (stryCov_9fa48("322"), false),
      why: stryMutAct_9fa48("323") ? "" : (stryCov_9fa48("323"), 'time')
    });
    return stryMutAct_9fa48("324") ? {} : (stryCov_9fa48("324"), {
      again: stryMutAct_9fa48("325") ? false : (stryCov_9fa48("325"), true),
      afterMs
    });
  }
}
function mayTryAgain(last: Attempt, attempts: readonly Attempt[]): boolean {
  if (stryMutAct_9fa48("326")) {
    {}
  } else {
    stryCov_9fa48("326");
    if (stryMutAct_9fa48("329") ? last.outcome !== 'accepted' : stryMutAct_9fa48("328") ? false : stryMutAct_9fa48("327") ? true : (stryCov_9fa48("327", "328", "329"), last.outcome === (stryMutAct_9fa48("330") ? "" : (stryCov_9fa48("330"), 'accepted')))) return stryMutAct_9fa48("331") ? true : (stryCov_9fa48("331"), false);
    if (stryMutAct_9fa48("334") ? last.again === 'once' : stryMutAct_9fa48("333") ? false : stryMutAct_9fa48("332") ? true : (stryCov_9fa48("332", "333", "334"), last.again !== (stryMutAct_9fa48("335") ? "" : (stryCov_9fa48("335"), 'once')))) return last.again;
    return stryMutAct_9fa48("339") ? attempts.filter(one => one.outcome !== 'accepted' && one.again === 'once').length >= 2 : stryMutAct_9fa48("338") ? attempts.filter(one => one.outcome !== 'accepted' && one.again === 'once').length <= 2 : stryMutAct_9fa48("337") ? false : stryMutAct_9fa48("336") ? true : (stryCov_9fa48("336", "337", "338", "339"), (stryMutAct_9fa48("340") ? attempts.length : (stryCov_9fa48("340"), attempts.filter(stryMutAct_9fa48("341") ? () => undefined : (stryCov_9fa48("341"), one => stryMutAct_9fa48("344") ? one.outcome !== 'accepted' || one.again === 'once' : stryMutAct_9fa48("343") ? false : stryMutAct_9fa48("342") ? true : (stryCov_9fa48("342", "343", "344"), (stryMutAct_9fa48("346") ? one.outcome === 'accepted' : stryMutAct_9fa48("345") ? true : (stryCov_9fa48("345", "346"), one.outcome !== (stryMutAct_9fa48("347") ? "" : (stryCov_9fa48("347"), 'accepted')))) && (stryMutAct_9fa48("349") ? one.again !== 'once' : stryMutAct_9fa48("348") ? true : (stryCov_9fa48("348", "349"), one.again === (stryMutAct_9fa48("350") ? "" : (stryCov_9fa48("350"), 'once'))))))).length)) < 2);
  }
}

/** Milliseconds to pause after the `n`th attempt, from 1. */
export function backOff(n: number, random: () => number): number {
  if (stryMutAct_9fa48("351")) {
    {}
  } else {
    stryCov_9fa48("351");
    return Math.floor(stryMutAct_9fa48("352") ? random() / Math.min(CAP_MS, BASE_MS * 2 ** (n - 1)) : (stryCov_9fa48("352"), random() * (stryMutAct_9fa48("353") ? Math.max(CAP_MS, BASE_MS * 2 ** (n - 1)) : (stryCov_9fa48("353"), Math.min(CAP_MS, stryMutAct_9fa48("354") ? BASE_MS / 2 ** (n - 1) : (stryCov_9fa48("354"), BASE_MS * 2 ** (stryMutAct_9fa48("355") ? n + 1 : (stryCov_9fa48("355"), n - 1))))))));
  }
}