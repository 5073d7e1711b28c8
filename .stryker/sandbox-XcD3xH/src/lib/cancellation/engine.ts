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
import type { Deadline } from '../deadline.ts';
import { Problem } from '../problem.ts';
import type { TaskRef } from '../task-request.ts';
import { lookUp, type Upstream } from './cancel.ts';
import { loggedReason } from '../dlc/problem.ts';

/**
 * Asks DLC which engine a task runs on.
 *
 * @returns its name and id; none where DLC shows no such task
 * @throws Problem `permission-check-unavailable` where DLC cannot be asked now, `task-not-permitted`
 *   where it is never asked, `upstream-credentials-rejected` where it refuses the gateway's role
 */
export async function askEngine(task: TaskRef, deadline: Deadline, upstream: Upstream): Promise<readonly string[]> {
  if (stryMutAct_9fa48("122")) {
    {}
  } else {
    stryCov_9fa48("122");
    // Settings with engines need the lookup, but a token may bring engines of its own.
    if (stryMutAct_9fa48("125") ? false : stryMutAct_9fa48("124") ? true : stryMutAct_9fa48("123") ? upstream.settings.lookup : (stryCov_9fa48("123", "124", "125"), !upstream.settings.lookup)) {
      if (stryMutAct_9fa48("126")) {
        {}
      } else {
        stryCov_9fa48("126");
        throw new Problem(stryMutAct_9fa48("127") ? "" : (stryCov_9fa48("127"), 'task-not-permitted'), stryMutAct_9fa48("128") ? {} : (stryCov_9fa48("128"), {
          reason: stryMutAct_9fa48("129") ? "" : (stryCov_9fa48("129"), 'a token has engines, the lookup is off')
        }));
      }
    }
    const found = await lookUp(task, deadline, upstream);
    if (stryMutAct_9fa48("132") ? found?.outcome !== 'found' : stryMutAct_9fa48("131") ? false : stryMutAct_9fa48("130") ? true : (stryCov_9fa48("130", "131", "132"), (stryMutAct_9fa48("133") ? found.outcome : (stryCov_9fa48("133"), found?.outcome)) === (stryMutAct_9fa48("134") ? "" : (stryCov_9fa48("134"), 'found')))) return found.task.engineNames;
    if (stryMutAct_9fa48("137") ? found?.outcome === 'absent' && found?.code === 'task-not-found' : stryMutAct_9fa48("136") ? false : stryMutAct_9fa48("135") ? true : (stryCov_9fa48("135", "136", "137"), (stryMutAct_9fa48("139") ? found?.outcome !== 'absent' : stryMutAct_9fa48("138") ? false : (stryCov_9fa48("138", "139"), (stryMutAct_9fa48("140") ? found.outcome : (stryCov_9fa48("140"), found?.outcome)) === (stryMutAct_9fa48("141") ? "" : (stryCov_9fa48("141"), 'absent')))) || (stryMutAct_9fa48("143") ? found?.code !== 'task-not-found' : stryMutAct_9fa48("142") ? false : (stryCov_9fa48("142", "143"), (stryMutAct_9fa48("144") ? found.code : (stryCov_9fa48("144"), found?.code)) === (stryMutAct_9fa48("145") ? "" : (stryCov_9fa48("145"), 'task-not-found')))))) return stryMutAct_9fa48("146") ? ["Stryker was here"] : (stryCov_9fa48("146"), []);
    const reason = found ? loggedReason(found) : stryMutAct_9fa48("147") ? "" : (stryCov_9fa48("147"), 'no time for a lookup');
    if (stryMutAct_9fa48("150") ? found?.code !== 'upstream-credentials-rejected' : stryMutAct_9fa48("149") ? false : stryMutAct_9fa48("148") ? true : (stryCov_9fa48("148", "149", "150"), (stryMutAct_9fa48("151") ? found.code : (stryCov_9fa48("151"), found?.code)) === (stryMutAct_9fa48("152") ? "" : (stryCov_9fa48("152"), 'upstream-credentials-rejected')))) throw new Problem(found.code, stryMutAct_9fa48("153") ? {} : (stryCov_9fa48("153"), {
      reason
    }));
    if (stryMutAct_9fa48("156") ? found?.code !== 'gateway-misconfigured' : stryMutAct_9fa48("155") ? false : stryMutAct_9fa48("154") ? true : (stryCov_9fa48("154", "155", "156"), (stryMutAct_9fa48("157") ? found.code : (stryCov_9fa48("157"), found?.code)) === (stryMutAct_9fa48("158") ? "" : (stryCov_9fa48("158"), 'gateway-misconfigured')))) throw new Problem(found.code, stryMutAct_9fa48("159") ? {} : (stryCov_9fa48("159"), {
      reason
    }));
    throw new Problem(stryMutAct_9fa48("160") ? "" : (stryCov_9fa48("160"), 'permission-check-unavailable'), stryMutAct_9fa48("161") ? {} : (stryCov_9fa48("161"), {
      reason
    }));
  }
}