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

/**
 * What a request for a turn upstream comes to. `mayLeave`: asked just before the attempt is written,
 * false once the turn is past. `retryAfter`: seconds.
 */
export type TurnAnswer = {
  readonly go: true;
  readonly mayLeave: () => boolean;
} | {
  readonly go: false;
  readonly retryAfter: number;
};

/**
 * What the last attempt amounts to where there is no turn for another one. A limit's refusal says when
 * to come back; any other ending is as it was.
 *
 * @param last absent: there was no attempt at all
 */
export function noTurn(last: Attempt | undefined, {
  retryAfter
}: {
  retryAfter: number;
}): Attempt {
  if (stryMutAct_9fa48("356")) {
    {}
  } else {
    stryCov_9fa48("356");
    if (stryMutAct_9fa48("359") ? false : stryMutAct_9fa48("358") ? true : stryMutAct_9fa48("357") ? last : (stryCov_9fa48("357", "358", "359"), !last)) return stryMutAct_9fa48("360") ? {} : (stryCov_9fa48("360"), {
      ...NO_TURN,
      retryAfter
    });
    const isForTheRate = stryMutAct_9fa48("363") ? last.outcome !== 'accepted' || last.code === 'upstream-rate-limited' : stryMutAct_9fa48("362") ? false : stryMutAct_9fa48("361") ? true : (stryCov_9fa48("361", "362", "363"), (stryMutAct_9fa48("365") ? last.outcome === 'accepted' : stryMutAct_9fa48("364") ? true : (stryCov_9fa48("364", "365"), last.outcome !== (stryMutAct_9fa48("366") ? "" : (stryCov_9fa48("366"), 'accepted')))) && (stryMutAct_9fa48("368") ? last.code !== 'upstream-rate-limited' : stryMutAct_9fa48("367") ? true : (stryCov_9fa48("367", "368"), last.code === (stryMutAct_9fa48("369") ? "" : (stryCov_9fa48("369"), 'upstream-rate-limited')))));
    return isForTheRate ? stryMutAct_9fa48("370") ? {} : (stryCov_9fa48("370"), {
      ...last,
      retryAfter
    }) : last;
  }
}
const NO_TURN = {
  outcome: 'did-not-happen',
  code: 'upstream-rate-limited',
  again: false,
  reason: 'no turn upstream in time'
} as const;