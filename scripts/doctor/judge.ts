import type { Failure } from '../../src/lib/dlc/failure.ts';
import type { ProblemCode } from '../../src/lib/problems.ts';
import { failed, ok, warning, type Finding } from './finding.ts';

type Action = 'CancelTask' | 'DescribeTasks';

/**
 * What DLC says of a task only after it has let the caller in: the permission is there. DLC documents no
 * code for a task that does not exist, so anything about the task or the parameter counts.
 */
const LET_IN: ReadonlySet<ProblemCode> = new Set([
  'task-not-found',
  'task-already-finished',
  'another-request-processing',
  'task-busy',
  'operation-not-supported',
  'upstream-rejected-request',
]);

const REGION = /^(UnsupportedRegion|RegionError)\b/;
const CLOCK = /^AuthFailure\.SignatureExpire/;
/** The signature was good, and CAM, DLC or an address rule says no. */
const FORBIDDEN =
  /UnauthorizedOperation|UnauthorizedGrant|UnauthorizedRevoke|NoPermission|^IpIn|^IpNot/;

const CREDENTIALS_ADVICE: Readonly<Record<string, string>> = {
  'AuthFailure.SecretIdNotFound':
    'the id is unknown, disabled or of another site: check the key in CAM',
  'AuthFailure.InvalidSecretId': 'the id is not that of an API key: check the key in CAM',
  'AuthFailure.SignatureFailure': 'the key does not belong to the id: check TENCENTCLOUD_SECRETKEY',
  'AuthFailure.TokenFailure':
    'the session token is missing, wrong or expired: take new credentials',
};

/** Says what a call that did not succeed means. Upstream's own words are left out: they may hold anything. */
export function judge(action: Action, region: string, failure: Failure): Finding {
  const { code, upstreamCode = '' } = failure;
  const what = `${region}: ${upstreamCode || printableReason(failure)}`;
  if (REGION.test(upstreamCode)) {
    return failed('region', 'settings', what, 'DLC is not there: correct DLC_REGION, DLC_REGIONS');
  }
  if (CLOCK.test(upstreamCode)) {
    return failed('clock', 'clock', what, 'synchronise the clock of this machine (NTP)');
  }
  if (code === 'upstream-credentials-rejected') return judgeRefusal(action, what, upstreamCode);
  if (action === 'CancelTask' && LET_IN.has(code)) return ok(action, `${region}: allowed`);
  if (action === 'CancelTask' && code === 'upstream-operation-failed') {
    const advice = 'the role may cancel; more cannot be known without a task';
    return warning(action, what, advice);
  }
  if (failure.code === 'gateway-misconfigured' && !upstreamCode) {
    return failed('credentials', 'settings', what, 'check TENCENTCLOUD_SECRETID and the others');
  }
  return judgeTrouble(action, what, failure);
}

function judgeRefusal(action: Action, what: string, upstreamCode: string): Finding {
  if (FORBIDDEN.test(upstreamCode)) {
    const advice = `allow dlc:${action} in the policy of the role or user, and let it use DLC and its engines`;
    return failed(action, 'permission', what, advice);
  }
  const advice = CREDENTIALS_ADVICE[upstreamCode] ?? 'check the credentials in CAM';
  return failed('credentials', 'permission', what, advice);
}

function judgeTrouble(
  action: Action,
  what: string,
  { code, again, upstreamCode }: Failure,
): Finding {
  if (!upstreamCode && (code === 'upstream-unreachable' || code === 'upstream-timeout')) {
    return failed(action, 'unreachable', what, 'the way to DLC is not steady: try again');
  }
  const isTemporary = again === true || /^upstream-(unavailable|quota)/.test(code);
  if (isTemporary)
    return failed(action, 'temporary', what, 'DLC has trouble: try again in a minute');
  return failed(
    action,
    'unexpected',
    what,
    'this response was not expected: is DLC_ENDPOINT really DLC?',
  );
}

/** The transport's reason, where it is one of our own or a code: other sentences may hold addresses. */
function printableReason({ reason, code }: Failure): string {
  return /^([A-Z0-9_]+|HTTP status \d+|the [a-z ]+)$/.test(reason) ? reason : code;
}
