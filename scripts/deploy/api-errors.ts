import type { Failure } from '../../src/lib/dlc/failure.ts';
import { CommandError } from '../cli/command-line.ts';
import { commandLine } from '../cli/command.ts';
import { EXIT } from '../cli/exit-codes.ts';

/** What to do about each error of SCF and CLS: a table for each, by code; the longest family that fits counts. */

export type Service = 'scf' | 'cls';

interface Advice {
  readonly exit: number;
  readonly todo: string;
  /** The function is busy, or the service is: nothing was done, and the same request may be taken in a moment. */
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

const SCF: Readonly<Record<string, Advice>> = {
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
    todo: `There is no such function in this region. Check --stage and --region; ${commandLine('deploy')} makes it.`,
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

const notThere: Advice = {
  exit: EXIT.config,
  todo: 'CLS_LOGSET_ID and CLS_TOPIC_ID must name a log set and a topic of your own in the function’s region, and CLS_NOTICE_ID a group of notices. The topic that SCF makes by itself (SCF_LogTopic_…) takes no index.',
};

const CLS: Readonly<Record<string, Advice>> = {
  AuthFailure: {
    exit: EXIT.permission,
    todo: 'CLS does not accept the credentials of this shell, or they may not do that: give their user the policy of deploy/cam-logs-policy.json.',
  },
  UnauthorizedOperation: {
    exit: EXIT.permission,
    todo: 'These credentials may not do that. Give their user the policy of deploy/cam-logs-policy.json.',
  },
  ResourceNotFound: notThere,
  InvalidParameter: notThere,
  OperationDenied: {
    exit: EXIT.config,
    todo: 'CLS does not do that with this topic (of low frequency, or the account is in arrears?); its words are above.',
  },
  LimitExceeded: {
    exit: EXIT.temporary,
    again: true,
    todo: `A limit of CLS is reached. ${AGAIN}`,
  },
  RequestLimitExceeded: {
    exit: EXIT.temporary,
    again: true,
    todo: `Too many requests to CLS at the moment. ${AGAIN}`,
  },
  FailedOperation: {
    exit: EXIT.temporary,
    todo: `CLS could not do it; its words are above. ${AGAIN}`,
  },
  InternalError: { exit: EXIT.temporary, todo: `CLS has a fault. ${AGAIN}` },
};

const ADVICE = { scf: SCF, cls: CLS } as const;

const UNKNOWN: Advice = {
  exit: EXIT.software,
  todo: 'This code is not known here. Look it up in the API documentation of SCF or CLS.',
};

/** What to do about one of a service's error codes. */
export function adviceFor(service: Service, code: string): Advice {
  const table: Readonly<Record<string, Advice>> = ADVICE[service];
  for (
    let family = code;
    family !== '';
    family = family.slice(0, Math.max(0, family.lastIndexOf('.')))
  ) {
    const advice = Object.hasOwn(table, family) ? table[family] : undefined;
    if (advice) return advice;
  }
  return UNKNOWN;
}

/** A request that a service refused, or that got no answer. */
export class ApiError extends CommandError {
  readonly service: Service;
  /** The service's code; absent without an answer that makes sense. */
  readonly code: string | undefined;

  constructor(service: Service, action: string, failure: Failure) {
    const { upstreamCode, upstreamRequestId, reason } = failure;
    const advice =
      upstreamCode === undefined
        ? withoutAnswer(service, failure)
        : adviceFor(service, upstreamCode);
    const id = upstreamRequestId === undefined ? '' : `, request ${upstreamRequestId}`;
    const what = `${action} failed: ${upstreamCode ?? 'no answer'}${id}: ${oneLine(reason)}`;
    super(advice.exit, `${what}\n${advice.todo}`);
    this.service = service;
    this.code = upstreamCode;
  }
}

function withoutAnswer(service: Service, { outcome }: Failure): Advice {
  const name = service.toUpperCase();
  const todo =
    outcome === 'did-not-happen'
      ? `${name} cannot be reached, so nothing was done. Check the network of this machine and ${name}_ENDPOINT. ${AGAIN}`
      : `The connection broke before the answer: it may have been done or not. ${AGAIN}`;
  return { exit: outcome === 'did-not-happen' ? EXIT.unavailable : EXIT.temporary, todo };
}

/** Words of others on one line of a terminal, at most 500 characters. */
export function oneLine(text: string): string {
  return text.replace(/[^\P{C}]+/gu, ' ').slice(0, 500);
}
