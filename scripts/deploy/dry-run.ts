import { ApiError } from './api-errors.ts';
import type { ClsAction, ClsCall } from './cls.ts';
import type { Action, Call } from './scf.ts';
import { hideInput } from './hide.ts';

export interface PlannedRequest {
  /** Absent: SCF. */
  readonly service?: 'cls';
  readonly action: Action | ClsAction;
  readonly region: string;
  readonly input: unknown;
}

/** What SCF would answer if there was no such function yet; where it is to be rolled back, two versions of it. */
const FIRST_TIME: Partial<Record<Action, object>> = {
  GetFunction: { Status: 'Active' },
  PublishVersion: { FunctionVersion: '1' },
  GetAlias: { FunctionVersion: '$LATEST' },
};
const SECOND_TIME: Partial<Record<Action, object>> = {
  GetAlias: { FunctionVersion: '2' },
  ListVersionByFunction: { Versions: [{ Version: '2' }, { Version: '1' }] },
};

/**
 * Plays SCF: notes each request, secrets left out, and sends nothing.
 *
 * @param requests gets them in order
 * @param wrong settings whose values are not to be shown
 */
export function pretend(
  requests: PlannedRequest[],
  region: string,
  isRollback: boolean,
  wrong: ReadonlySet<string>,
): Call {
  const answers = isRollback ? SECOND_TIME : FIRST_TIME;
  const call = async (action: Action, input: object): Promise<object> => {
    const isFirst = requests.every(({ service }) => service !== undefined);
    requests.push({ action, region, input: hideInput(input, wrong) });
    if (isFirst && action === 'GetFunction') throw NOT_THERE;
    return answers[action] ?? {};
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the answers are as SCF's, as far as they are read
  return call as Call;
}

/** Plays CLS, where there is neither an index nor an alarm yet. */
export function pretendCls(requests: PlannedRequest[], region: string): ClsCall {
  const call = async (action: ClsAction, input: object): Promise<object> => {
    requests.push({ service: 'cls', action, region, input });
    return {};
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the answers are as CLS's, as far as they are read
  return call as ClsCall;
}

const NOT_THERE = new ApiError('scf', 'GetFunction', {
  outcome: 'refused',
  code: 'upstream-error',
  again: false,
  upstreamCode: 'ResourceNotFound.Function',
  reason: 'there is no such function',
});
