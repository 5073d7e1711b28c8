import type { Failure } from '../../src/lib/dlc/failure.ts';
import { CommandError } from '../cli/command-line.ts';
import { EXIT } from '../cli/exit-codes.ts';

/** What to do about each error of SCF: one table, by code; the longest family that fits counts. */

interface Advice {
  readonly exit: number;
  readonly todo: string;
  /** The function is busy, or SCF is: nothing was done, and the same request may be taken in a moment. */
  readonly again?: true;
}

const AGAIN = 'Run the same command again in a minute: it goes on where this one stopped.';
const busy: Advice = {
  exit: EXIT.temporary,
  again: true,
  todo: `Somebody or something else is changing the function. ${AGAIN}`,
};
const role: Advice = {
  exit: EXIT.config,
  todo: 'The role that SCF_ROLE names does not exist, or SCF may not assume it. Make it in CAM with the trust of deploy/cam-role-trust.json and the policy of deploy/cam-role-policy.json.',
};
const value: Advice = {
  exit: EXIT.config,
  todo: 'SCF does not take a value of serverless.yml; its words are above.',
};

const ADVICE: Readonly<Record<string, Advice>> = {
  AuthFailure: {
    exit: EXIT.permission,
    todo: 'SCF does not accept the credentials of this shell. Check TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, for temporary ones TENCENTCLOUD_SESSION_TOKEN too, and the clock of this machine.',
  },
  UnauthorizedOperation: {
    exit: EXIT.permission,
    todo: 'These credentials may not do that. Give their user the policy of deploy/cam-deployer-policy.json, and cam:PassRole for the role that SCF_ROLE names.',
  },
  'ResourceNotFound.Role': role,
  'FailedOperation.QcsRoleNotFound': role,
  'InvalidParameterValue.Role': role,
  'ResourceNotFound.Function': {
    exit: EXIT.data,
    todo: 'There is no such function in this region. Check --stage and --region; npm run deploy makes it.',
  },
  LimitExceeded: {
    exit: EXIT.unavailable,
    todo: 'A quota of the account is used up in this region. Ask Tencent Cloud for more in a ticket, or delete what is not needed.',
  },
  'LimitExceeded.FunctionReservedConcurrencyMemory': {
    exit: EXIT.unavailable,
    todo: 'The reserved quota (memorySize times EXPECTED_INSTANCES) does not fit: SCF keeps 12,800 MB of the account unreserved. Lower one of the two, or have the quota raised.',
  },
  'FailedOperation.InsufficientBalance': {
    exit: EXIT.unavailable,
    todo: 'The account is in arrears.',
  },
  'FailedOperation.UnOpenedService': {
    exit: EXIT.unavailable,
    todo: 'SCF is not activated for this account: open its console once.',
  },
  'FailedOperation.FunctionNameStatusError': busy,
  'FailedOperation.FunctionStatusError': busy,
  'FailedOperation.FunctionVersionStatusNotActive': busy,
  'FailedOperation.OperationConflict': busy,
  'FailedOperation.ReservedInProgress': busy,
  ResourceInUse: {
    exit: EXIT.temporary,
    todo: `It is there already: made meanwhile, or by a run that broke off. ${AGAIN}`,
  },
  RequestLimitExceeded: {
    exit: EXIT.temporary,
    again: true,
    todo: `Too many requests to SCF at the moment. ${AGAIN}`,
  },
  InternalError: { exit: EXIT.temporary, todo: `SCF has a fault. ${AGAIN}` },
  ServiceUnavailable: { exit: EXIT.temporary, todo: `SCF is not available. ${AGAIN}` },
  FailedOperation: {
    exit: EXIT.temporary,
    todo: `SCF could not do it; its words are above. ${AGAIN}`,
  },
  UnsupportedRegion: {
    exit: EXIT.config,
    todo: 'SCF has no such region. Check DLC_REGION and --region.',
  },
  'InvalidParameterValue.EnvironmentExceededLimit': {
    exit: EXIT.config,
    todo: 'The variables have more than 4 KB together: put the longest list into config/*.json and point to it with @config/….',
  },
  InvalidParameter: value,
  InvalidParameterValue: value,
};

const UNKNOWN: Advice = {
  exit: EXIT.software,
  todo: 'This code is not known here. Look it up in SCF’s API documentation.',
};

/** What to do about one of SCF's error codes. */
export function adviceFor(code: string): Advice {
  for (
    let family = code;
    family !== '';
    family = family.slice(0, Math.max(0, family.lastIndexOf('.')))
  ) {
    const advice = Object.hasOwn(ADVICE, family) ? ADVICE[family] : undefined;
    if (advice) return advice;
  }
  return UNKNOWN;
}

/** A request that SCF refused, or that got no answer. */
export class ScfError extends CommandError {
  /** SCF's code; absent without an answer that makes sense. */
  readonly code: string | undefined;

  constructor(action: string, failure: Failure) {
    const { upstreamCode, upstreamRequestId, reason } = failure;
    const advice = upstreamCode === undefined ? withoutAnswer(failure) : adviceFor(upstreamCode);
    const id = upstreamRequestId === undefined ? '' : `, request ${upstreamRequestId}`;
    const what = `${action} failed: ${upstreamCode ?? 'no answer'}${id}: ${oneLine(reason)}`;
    super(advice.exit, `${what}\n${advice.todo}`);
    this.code = upstreamCode;
  }
}

function withoutAnswer({ outcome }: Failure): Advice {
  const todo =
    outcome === 'did-not-happen'
      ? `SCF cannot be reached, so nothing was done. Check the network of this machine and SCF_ENDPOINT. ${AGAIN}`
      : `The connection broke before the answer: it may have been done or not. ${AGAIN}`;
  return { exit: outcome === 'did-not-happen' ? EXIT.unavailable : EXIT.temporary, todo };
}

/** Words of others on one line of a terminal, at most 500 characters. */
export function oneLine(text: string): string {
  return text.replace(/[^\P{C}]+/gu, ' ').slice(0, 500);
}
