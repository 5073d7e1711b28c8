import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';

import { EXACT_CODES, FAMILIES, ruleFor } from '../../../src/lib/dlc/errors.ts';
import { PROBLEMS } from '../../../src/lib/problems.ts';

/**
 * The contract's table "From DLC's error code", transcribed: upstream codes (`X*` means `X` and `X.…`),
 * our code, status, retryable, tried again by the gateway, outcome.
 */
type Row = readonly [string, string, number, 'yes' | 'no', 'again' | 'once', 'unknown' | 'refused'];
const CONTRACT: readonly Row[] = [
  ['FailedOperation*', 'upstream-operation-failed', 502, 'no', 'once', 'unknown'],
  [
    'FailedOperation.AnotherRequestProcessing, FailedOperation.AnotherProcessRunning',
    'another-request-processing',
    409,
    'yes',
    'again',
    'refused',
  ],
  [
    'FailedOperation.HttpClientDoRequestFailed',
    'upstream-request-failed',
    502,
    'yes',
    'again',
    'unknown',
  ],
  ['InternalError*', 'upstream-internal-error', 502, 'yes', 'again', 'unknown'],
  [
    'InvalidParameter.InvalidTaskId, InvalidParameter.TaskNotFound, InvalidParameter.SQLTaskNotFound, ResourceNotFound, ResourceNotFound.TaskInfoNotFound, ResourceNotFound.BatchSQLTaskNotFound',
    'task-not-found',
    404,
    'no',
    'once',
    'refused',
  ],
  ['ResourceNotFound*', 'upstream-operation-failed', 502, 'no', 'once', 'unknown'],
  [
    'InvalidParameter.TaskAlreadyFinished, ResourceNotFound.TaskAlreadyFinished, ResourceNotFound.TaskAlreadyFailed',
    'task-already-finished',
    409,
    'no',
    'once',
    'refused',
  ],
  [
    'InvalidParameter*, InvalidParameterValue*',
    'upstream-rejected-request',
    400,
    'no',
    'once',
    'refused',
  ],
  [
    'MissingParameter*, UnknownParameter*, InvalidAction*, InvalidRequest*, NoSuchVersion*, NoSuchProduct*, UnsupportedProtocol*, RequestSizeLimitExceeded*',
    'gateway-misconfigured',
    500,
    'no',
    'once',
    'refused',
  ],
  ['UnsupportedRegion*, RegionError*', 'gateway-misconfigured', 500, 'no', 'once', 'refused'],
  [
    'AuthFailure*, UnauthorizedOperation*, IpInBlacklist*, IpNotInWhitelist*, FailedOperation.NoPermission, FailedOperation.NoPermissionToUseTheDataEngine, ResourcesSoldOut.UnauthorizedOperation, ResourcesSoldOut.UnauthorizedGrantPolicy, ResourcesSoldOut.UnauthorizedRevokePolicy',
    'upstream-credentials-rejected',
    502,
    'no',
    'once',
    'refused',
  ],
  ['RequestLimitExceeded*', 'upstream-rate-limited', 429, 'yes', 'again', 'refused'],
  ['LimitExceeded*', 'upstream-quota-exceeded', 429, 'yes', 'once', 'refused'],
  ['ResourceInUse*', 'task-busy', 409, 'yes', 'once', 'refused'],
  [
    'UnsupportedOperation*, OperationDenied*',
    'operation-not-supported',
    409,
    'no',
    'once',
    'refused',
  ],
  [
    'ResourceInsufficient*, ResourcesSoldOut*, ResourceUnavailable*, ActionOffline*',
    'upstream-unavailable',
    503,
    'yes',
    'once',
    'refused',
  ],
  ['ServiceUnavailable*', 'upstream-unavailable', 503, 'yes', 'again', 'refused'],
  ['ResponseSizeLimitExceeded*, DryRunOperation*', 'upstream-error', 502, 'no', 'once', 'unknown'],
];
const LAST_ROW: Row = ['', 'upstream-error', 502, 'no', 'once', 'unknown'];

const PATTERNS = CONTRACT.flatMap((row) => row[0].split(', ').map((pattern) => ({ pattern, row })));

/** Exact first, then the longest, then the last row. */
function rowOf(code: string): Row {
  const exact = PATTERNS.find(({ pattern }) => pattern === code);
  if (exact) return exact.row;
  let longest = { length: 0, row: LAST_ROW };
  for (const { pattern, row } of PATTERNS) {
    const family = pattern.slice(0, -1);
    const fits = pattern.endsWith('*') && (code === family || code.startsWith(`${family}.`));
    if (fits && family.length > longest.length) longest = { length: family.length, row };
  }
  return longest.row;
}

/** A code as the table has it, in the columns of the contract. */
function shown(code: string): readonly unknown[] {
  const rule = ruleFor(code);
  const { status, retryable } = PROBLEMS[rule.code];
  const again = rule.again ? 'again' : 'once';
  return [rule.code, status, retryable ? 'yes' : 'no', again, rule.outcome];
}

const ALL_CODES = new Map(
  readFileSync(new URL('../../fixtures/dlc-error-codes.tsv', import.meta.url), 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'))
    .map(([code = '', documentedFor = '']) => [code, documentedFor.split(/[ ,]+/)] as const),
);

describe("DLC's error codes", () => {
  it('are all there', () => {
    expect(ALL_CODES.size).toBe(293);
  });

  it.each([...ALL_CODES.keys()])('%s has the row of the contract', (code) => {
    expect(shown(code)).toEqual(rowOf(code).slice(1));
  });

  it.each(PATTERNS.map(({ pattern }) => pattern))(
    '%s is in the table as the contract says',
    (p) => {
      const isFamily = p.endsWith('*');
      const name = isFamily ? p.slice(0, -1) : p;
      const members = isFamily ? [`${name}.X`, `${name}.X.Y`] : [];
      for (const code of [name, ...members]) expect(shown(code)).toEqual(rowOf(code).slice(1));
    },
  );

  it('are matched as whole words: a family is no prefix', () => {
    for (const code of ['InvalidParameterCombination', 'ResourceNotFoundX', 'Internal', '', 'x']) {
      expect(ruleFor(code)).toEqual({ code: 'upstream-error', outcome: 'unknown', again: false });
    }
    for (const code of ['constructor', '__proto__', 'toString', 'hasOwnProperty.X']) {
      expect(ruleFor(code)).toMatchObject({ code: 'upstream-error', outcome: 'unknown' });
    }
  });

  it('and no others are in the table but by intent', () => {
    const inContract = new Set(PATTERNS.map(({ pattern }) => pattern));
    const inTable = [
      ...Object.keys(EXACT_CODES),
      ...Object.keys(FAMILIES).map((family) => `${family}*`),
    ];
    expect(inTable.filter((pattern) => !inContract.has(pattern))).toEqual([]);
    // These two families stand in the contract's last row, which needs no entry.
    const missing = [...inContract].filter((pattern) => !inTable.includes(pattern));
    expect(missing).toEqual(['ResponseSizeLimitExceeded*', 'DryRunOperation*']);
  });

  it('make a definite answer about the task only where they are exact', () => {
    const aboutTask = new Set(['task-not-found', 'task-already-finished']);
    for (const rule of Object.values(FAMILIES)) expect(aboutTask.has(rule.code)).toBe(false);
  });
});

/** What `upstream.md` names as CancelTask's documented codes, from DLC's API reference. */
const OF_CANCEL_TASK = [
  'FailedOperation',
  'FailedOperation.AnotherRequestProcessing',
  'FailedOperation.HttpClientDoRequestFailed',
  'InternalError',
  'InternalError.InternalSystemException',
  'InvalidParameter.InvalidTaskId',
  'InvalidParameter.ParameterBase64DecodeFailed',
  'InvalidParameter.ParameterNotFoundOrBeNone',
  'InvalidParameter.TaskAlreadyFinished',
  'ResourceNotFound.TaskAlreadyFailed',
  'ResourceNotFound.TaskAlreadyFinished',
];

it("CancelTask's documented codes are these, each with a row of its own intent", () => {
  const documented = [...ALL_CODES].filter(([, actions]) => actions.includes('CancelTask'));
  expect(documented.map(([code]) => code).toSorted()).toEqual(OF_CANCEL_TASK);
  for (const code of OF_CANCEL_TASK) expect(shown(code)).not.toEqual(LAST_ROW.slice(1));
});
