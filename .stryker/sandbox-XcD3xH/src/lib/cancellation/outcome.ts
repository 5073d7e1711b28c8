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
import type { Failure } from '../dlc/failure.ts';
import type { Lookup, TaskState } from '../dlc/task-state.ts';

/** How one attempt at CancelTask ended. */
export type Attempt = {
  readonly outcome: 'accepted';
  readonly upstreamRequestId: string;
} | Failure;

/** What a request for a cancellation comes to, whatever attempts it took. */
export type CancelAnswer = {
  readonly kind: 'done';
  readonly outcome: 'cancel_requested' | 'cancelled' | 'already_cancelled';
  /** False: probably taken by an earlier attempt that was never answered. */
  readonly confirmed?: false;
  readonly upstreamRequestId?: string;
} | {
  readonly kind: 'failed';
  readonly failure: Pick<Failure, 'code' | 'reason' | 'upstreamCode' | 'retryAfter'>;
  readonly taskState?: TaskState;
  /** The cancellation may have taken effect; nobody knows. */
  readonly outcomeUnknown: boolean;
  readonly upstreamRequestId?: string;
};
const FINISHED = stryMutAct_9fa48("162") ? "" : (stryCov_9fa48("162"), 'task-already-finished');
const SAYS_TAKEN: ReadonlySet<string> = new Set(stryMutAct_9fa48("163") ? [] : (stryCov_9fa48("163"), [FINISHED, stryMutAct_9fa48("164") ? "" : (stryCov_9fa48("164"), 'another-request-processing')]));

/** Whether the task's state has to be looked up before the attempts can be told as one answer. */
export function needsLookup(attempts: readonly Attempt[]): boolean {
  if (stryMutAct_9fa48("165")) {
    {}
  } else {
    stryCov_9fa48("165");
    const last = attempts.at(stryMutAct_9fa48("166") ? +1 : (stryCov_9fa48("166"), -1));
    if (stryMutAct_9fa48("169") ? !last && last.outcome === 'accepted' : stryMutAct_9fa48("168") ? false : stryMutAct_9fa48("167") ? true : (stryCov_9fa48("167", "168", "169"), (stryMutAct_9fa48("170") ? last : (stryCov_9fa48("170"), !last)) || (stryMutAct_9fa48("172") ? last.outcome !== 'accepted' : stryMutAct_9fa48("171") ? false : (stryCov_9fa48("171", "172"), last.outcome === (stryMutAct_9fa48("173") ? "" : (stryCov_9fa48("173"), 'accepted')))))) return stryMutAct_9fa48("174") ? true : (stryCov_9fa48("174"), false);
    return stryMutAct_9fa48("177") ? last.code === FINISHED && attempts.some(attempt => attempt.outcome === 'unknown') : stryMutAct_9fa48("176") ? false : stryMutAct_9fa48("175") ? true : (stryCov_9fa48("175", "176", "177"), (stryMutAct_9fa48("179") ? last.code !== FINISHED : stryMutAct_9fa48("178") ? false : (stryCov_9fa48("178", "179"), last.code === FINISHED)) || (stryMutAct_9fa48("180") ? attempts.every(attempt => attempt.outcome === 'unknown') : (stryCov_9fa48("180"), attempts.some(stryMutAct_9fa48("181") ? () => undefined : (stryCov_9fa48("181"), attempt => stryMutAct_9fa48("184") ? attempt.outcome !== 'unknown' : stryMutAct_9fa48("183") ? false : stryMutAct_9fa48("182") ? true : (stryCov_9fa48("182", "183", "184"), attempt.outcome === (stryMutAct_9fa48("185") ? "" : (stryCov_9fa48("185"), 'unknown'))))))));
  }
}

/**
 * Folds the attempts of one request, and the lookup where one was needed, into its answer.
 *
 * After an attempt whose outcome is unknown, no later error settles anything: "already finished" may
 * be this request's own doing, and "not found" or "too many requests" would say "not done". Only an
 * acceptance or the task's state does (docs/decisions/0005).
 *
 * @param attempts at least one, in order
 */
export function settle(attempts: readonly Attempt[], lookup: Lookup | undefined): CancelAnswer {
  if (stryMutAct_9fa48("186")) {
    {}
  } else {
    stryCov_9fa48("186");
    const last = attempts.at(stryMutAct_9fa48("187") ? +1 : (stryCov_9fa48("187"), -1));
    if (stryMutAct_9fa48("190") ? false : stryMutAct_9fa48("189") ? true : stryMutAct_9fa48("188") ? last : (stryCov_9fa48("188", "189", "190"), !last)) throw new Error(stryMutAct_9fa48("191") ? "" : (stryCov_9fa48("191"), 'a cancellation without an attempt'));
    if (stryMutAct_9fa48("194") ? last.outcome !== 'accepted' : stryMutAct_9fa48("193") ? false : stryMutAct_9fa48("192") ? true : (stryCov_9fa48("192", "193", "194"), last.outcome === (stryMutAct_9fa48("195") ? "" : (stryCov_9fa48("195"), 'accepted')))) {
      if (stryMutAct_9fa48("196")) {
        {}
      } else {
        stryCov_9fa48("196");
        return stryMutAct_9fa48("197") ? {} : (stryCov_9fa48("197"), {
          kind: stryMutAct_9fa48("198") ? "" : (stryCov_9fa48("198"), 'done'),
          outcome: stryMutAct_9fa48("199") ? "" : (stryCov_9fa48("199"), 'cancel_requested'),
          upstreamRequestId: last.upstreamRequestId
        });
      }
    }
    const id = requestIdOf(attempts, lookup);
    const state = (stryMutAct_9fa48("202") ? lookup?.outcome !== 'found' : stryMutAct_9fa48("201") ? false : stryMutAct_9fa48("200") ? true : (stryCov_9fa48("200", "201", "202"), (stryMutAct_9fa48("203") ? lookup.outcome : (stryCov_9fa48("203"), lookup?.outcome)) === (stryMutAct_9fa48("204") ? "" : (stryCov_9fa48("204"), 'found')))) ? lookup.task.state : undefined;
    const firstUnknown = attempts.findIndex(stryMutAct_9fa48("205") ? () => undefined : (stryCov_9fa48("205"), attempt => stryMutAct_9fa48("208") ? attempt.outcome !== 'unknown' : stryMutAct_9fa48("207") ? false : stryMutAct_9fa48("206") ? true : (stryCov_9fa48("206", "207", "208"), attempt.outcome === (stryMutAct_9fa48("209") ? "" : (stryCov_9fa48("209"), 'unknown')))));
    if (stryMutAct_9fa48("213") ? firstUnknown >= 0 : stryMutAct_9fa48("212") ? firstUnknown <= 0 : stryMutAct_9fa48("211") ? false : stryMutAct_9fa48("210") ? true : (stryCov_9fa48("210", "211", "212", "213"), firstUnknown < 0)) {
      if (stryMutAct_9fa48("214")) {
        {}
      } else {
        stryCov_9fa48("214");
        if (stryMutAct_9fa48("217") ? last.code === FINISHED : stryMutAct_9fa48("216") ? false : stryMutAct_9fa48("215") ? true : (stryCov_9fa48("215", "216", "217"), last.code !== FINISHED)) return stryMutAct_9fa48("218") ? {} : (stryCov_9fa48("218"), {
          ...failed(last),
          ...id
        });
        if (stryMutAct_9fa48("221") ? state !== 'cancelled' : stryMutAct_9fa48("220") ? false : stryMutAct_9fa48("219") ? true : (stryCov_9fa48("219", "220", "221"), state === (stryMutAct_9fa48("222") ? "" : (stryCov_9fa48("222"), 'cancelled')))) return stryMutAct_9fa48("223") ? {} : (stryCov_9fa48("223"), {
          kind: stryMutAct_9fa48("224") ? "" : (stryCov_9fa48("224"), 'done'),
          outcome: stryMutAct_9fa48("225") ? "" : (stryCov_9fa48("225"), 'already_cancelled'),
          ...id
        });
        return stryMutAct_9fa48("226") ? {} : (stryCov_9fa48("226"), {
          ...failed(last),
          ...finalState(state),
          ...id
        });
      }
    }
    if (stryMutAct_9fa48("229") ? state !== 'cancelled' : stryMutAct_9fa48("228") ? false : stryMutAct_9fa48("227") ? true : (stryCov_9fa48("227", "228", "229"), state === (stryMutAct_9fa48("230") ? "" : (stryCov_9fa48("230"), 'cancelled')))) return stryMutAct_9fa48("231") ? {} : (stryCov_9fa48("231"), {
      kind: stryMutAct_9fa48("232") ? "" : (stryCov_9fa48("232"), 'done'),
      outcome: stryMutAct_9fa48("233") ? "" : (stryCov_9fa48("233"), 'cancelled'),
      ...id
    });
    if (stryMutAct_9fa48("236") ? state === 'succeeded' && state === 'failed' : stryMutAct_9fa48("235") ? false : stryMutAct_9fa48("234") ? true : (stryCov_9fa48("234", "235", "236"), (stryMutAct_9fa48("238") ? state !== 'succeeded' : stryMutAct_9fa48("237") ? false : (stryCov_9fa48("237", "238"), state === (stryMutAct_9fa48("239") ? "" : (stryCov_9fa48("239"), 'succeeded')))) || (stryMutAct_9fa48("241") ? state !== 'failed' : stryMutAct_9fa48("240") ? false : (stryCov_9fa48("240", "241"), state === (stryMutAct_9fa48("242") ? "" : (stryCov_9fa48("242"), 'failed')))))) {
      if (stryMutAct_9fa48("243")) {
        {}
      } else {
        stryCov_9fa48("243");
        const failure = {
          code: FINISHED,
          reason: 'looked up after an unknown outcome'
        } as const;
        return stryMutAct_9fa48("244") ? {} : (stryCov_9fa48("244"), {
          kind: stryMutAct_9fa48("245") ? "" : (stryCov_9fa48("245"), 'failed'),
          failure,
          outcomeUnknown: stryMutAct_9fa48("246") ? true : (stryCov_9fa48("246"), false),
          taskState: state,
          ...id
        });
      }
    }
    const later = stryMutAct_9fa48("248") ? attempts.filter(isFailure) : stryMutAct_9fa48("247") ? attempts.slice(firstUnknown + 1) : (stryCov_9fa48("247", "248"), attempts.slice(stryMutAct_9fa48("249") ? firstUnknown - 1 : (stryCov_9fa48("249"), firstUnknown + 1)).filter(isFailure));
    if (stryMutAct_9fa48("252") ? later.every(({
      code
    }) => SAYS_TAKEN.has(code)) : stryMutAct_9fa48("251") ? false : stryMutAct_9fa48("250") ? true : (stryCov_9fa48("250", "251", "252"), later.some(stryMutAct_9fa48("253") ? () => undefined : (stryCov_9fa48("253"), ({
      code
    }) => SAYS_TAKEN.has(code))))) {
      if (stryMutAct_9fa48("254")) {
        {}
      } else {
        stryCov_9fa48("254");
        return stryMutAct_9fa48("255") ? {} : (stryCov_9fa48("255"), {
          kind: stryMutAct_9fa48("256") ? "" : (stryCov_9fa48("256"), 'done'),
          outcome: stryMutAct_9fa48("257") ? "" : (stryCov_9fa48("257"), 'cancel_requested'),
          confirmed: stryMutAct_9fa48("258") ? true : (stryCov_9fa48("258"), false),
          ...id
        });
      }
    }
    const lastUnknown = stryMutAct_9fa48("259") ? attempts.findLast(({
      outcome
    }) => outcome === 'unknown') : (stryCov_9fa48("259"), attempts.filter(isFailure).findLast(stryMutAct_9fa48("260") ? () => undefined : (stryCov_9fa48("260"), ({
      outcome
    }) => stryMutAct_9fa48("263") ? outcome !== 'unknown' : stryMutAct_9fa48("262") ? false : stryMutAct_9fa48("261") ? true : (stryCov_9fa48("261", "262", "263"), outcome === (stryMutAct_9fa48("264") ? "" : (stryCov_9fa48("264"), 'unknown'))))));
    return stryMutAct_9fa48("265") ? {} : (stryCov_9fa48("265"), {
      ...failed(stryMutAct_9fa48("266") ? lastUnknown && last : (stryCov_9fa48("266"), lastUnknown ?? last)),
      outcomeUnknown: stryMutAct_9fa48("267") ? false : (stryCov_9fa48("267"), true),
      ...id
    });
  }
}

/** What a caller gets who leaves while the same cancellation goes on for others: it may still be done. */
export const LEFT_EARLY = {
  kind: 'failed',
  failure: {
    code: 'upstream-timeout',
    reason: 'left before the shared cancellation ended'
  },
  outcomeUnknown: true
} as const satisfies CancelAnswer;
function failed(failure: Failure): Extract<CancelAnswer, {
  kind: 'failed';
}> {
  if (stryMutAct_9fa48("268")) {
    {}
  } else {
    stryCov_9fa48("268");
    return stryMutAct_9fa48("269") ? {} : (stryCov_9fa48("269"), {
      kind: stryMutAct_9fa48("270") ? "" : (stryCov_9fa48("270"), 'failed'),
      failure,
      outcomeUnknown: stryMutAct_9fa48("271") ? true : (stryCov_9fa48("271"), false)
    });
  }
}
function finalState(state: TaskState | undefined): {
  taskState?: TaskState;
} {
  if (stryMutAct_9fa48("272")) {
    {}
  } else {
    stryCov_9fa48("272");
    return (stryMutAct_9fa48("275") ? state === 'succeeded' && state === 'failed' : stryMutAct_9fa48("274") ? false : stryMutAct_9fa48("273") ? true : (stryCov_9fa48("273", "274", "275"), (stryMutAct_9fa48("277") ? state !== 'succeeded' : stryMutAct_9fa48("276") ? false : (stryCov_9fa48("276", "277"), state === (stryMutAct_9fa48("278") ? "" : (stryCov_9fa48("278"), 'succeeded')))) || (stryMutAct_9fa48("280") ? state !== 'failed' : stryMutAct_9fa48("279") ? false : (stryCov_9fa48("279", "280"), state === (stryMutAct_9fa48("281") ? "" : (stryCov_9fa48("281"), 'failed')))))) ? stryMutAct_9fa48("282") ? {} : (stryCov_9fa48("282"), {
      taskState: state
    }) : {};
  }
}
function isFailure(attempt: Attempt): attempt is Failure {
  if (stryMutAct_9fa48("283")) {
    {}
  } else {
    stryCov_9fa48("283");
    return stryMutAct_9fa48("286") ? attempt.outcome === 'accepted' : stryMutAct_9fa48("285") ? false : stryMutAct_9fa48("284") ? true : (stryCov_9fa48("284", "285", "286"), attempt.outcome !== (stryMutAct_9fa48("287") ? "" : (stryCov_9fa48("287"), 'accepted')));
  }
}

/** CancelTask's own request id, the last one that there is; else the lookup's. */
function requestIdOf(attempts: readonly Attempt[], lookup: Lookup | undefined): {
  upstreamRequestId?: string;
} {
  if (stryMutAct_9fa48("288")) {
    {}
  } else {
    stryCov_9fa48("288");
    const ofLookup = stryMutAct_9fa48("291") ? lookup || ('requestId' in lookup ? lookup.requestId : lookup.upstreamRequestId) : stryMutAct_9fa48("290") ? false : stryMutAct_9fa48("289") ? true : (stryCov_9fa48("289", "290", "291"), lookup && ((stryMutAct_9fa48("292") ? "" : (stryCov_9fa48("292"), 'requestId')) in lookup ? lookup.requestId : lookup.upstreamRequestId));
    const id = stryMutAct_9fa48("293") ? attempts.findLast(attempt => attempt.upstreamRequestId)?.upstreamRequestId && ofLookup : (stryCov_9fa48("293"), (stryMutAct_9fa48("294") ? attempts.findLast(attempt => attempt.upstreamRequestId).upstreamRequestId : (stryCov_9fa48("294"), attempts.findLast(stryMutAct_9fa48("295") ? () => undefined : (stryCov_9fa48("295"), attempt => attempt.upstreamRequestId))?.upstreamRequestId)) ?? ofLookup);
    return (stryMutAct_9fa48("298") ? id !== undefined : stryMutAct_9fa48("297") ? false : stryMutAct_9fa48("296") ? true : (stryCov_9fa48("296", "297", "298"), id === undefined)) ? {} : stryMutAct_9fa48("299") ? {} : (stryCov_9fa48("299"), {
      upstreamRequestId: id
    });
  }
}