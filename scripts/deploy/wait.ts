import type { GetFunctionResponse } from 'tencentcloud-sdk-nodejs/tencentcloud/services/scf/v20180416/scf_models.js';

import { CommandError } from '../cli/command-line.ts';
import { EXIT } from '../cli/exit-codes.ts';
import type { Waiting } from './api.ts';
import type { Call } from './scf.ts';
import { ApiError } from './api-errors.ts';
import type { Deployment } from './deployment.ts';

/** What every step of a deployment works with. */
export interface Run {
  readonly call: Call;
  readonly deployment: Deployment;
  readonly waiting: Waiting;
  /** Writes a line for the user. */
  readonly say: (line: string) => void;
}

/** States that pass by themselves ("Function and Layer Status Description" of SCF). */
const MOVING = new Set(['Creating', 'Updating', 'Publishing', 'Deleting']);
const POLL_MS = 2000;
const LIMIT_MS = 5 * 60_000;
const SAY_EVERY_MS = 10_000;

/** Whether SCF says that the function, the version or the alias is not there. */
export function isNotFound(error: unknown): boolean {
  return error instanceof ApiError && NOT_FOUND.test(error.code ?? '');
}

const NOT_FOUND =
  /^ResourceNotFound(\.(Function|FunctionName|FunctionVersion|Alias|Qualifier|Version))?$/;

/**
 * Waits until the function, or one of its versions, is in a state that lasts.
 *
 * @param mustBe it was just made: not being there yet is a state that passes
 * @returns nothing where there is none
 * @throws CommandError 75 after five minutes
 */
export async function settled(
  { call, deployment, waiting, say }: Run,
  { version, mustBe = false }: { version?: string; mustBe?: boolean } = {},
): Promise<GetFunctionResponse | undefined> {
  const end = waiting.now() + LIMIT_MS;
  let saidAt = -Infinity;
  let last = '';
  for (;;) {
    const found = await lookUp(call, deployment.name, version);
    const state = found ? (found.Status ?? 'in an unknown state') : 'not there yet';
    if (found ? !MOVING.has(state) : !mustBe) return found;
    const what = version === undefined ? deployment.name : `version ${version}`;
    if (waiting.now() >= end) {
      const todo = 'Look at it in the console of SCF, and run the same command again.';
      throw new CommandError(
        EXIT.temporary,
        `${what} has been ${state} for five minutes.\n${todo}`,
      );
    }
    if (state !== last || waiting.now() - saidAt >= SAY_EVERY_MS) {
      say(`  ${what} is ${state} …`);
      [last, saidAt] = [state, waiting.now()];
    }
    await waiting.sleep(POLL_MS);
  }
}

async function lookUp(
  call: Call,
  name: string,
  version?: string,
): Promise<GetFunctionResponse | undefined> {
  const qualifier = version === undefined ? {} : { Qualifier: version };
  try {
    return await call('GetFunction', { FunctionName: name, ...qualifier, ShowCode: 'FALSE' });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** Waits until what was just changed works. @throws CommandError 69 where it does not, with SCF's reason */
export async function active(run: Run, version?: string): Promise<void> {
  const found = await settled(run, { mustBe: true, ...(version !== undefined && { version }) });
  if (found?.Status !== 'Active') throw failedState(run.deployment.name, found);
}

/** The error for a function in a state from which it cannot be deployed. */
export function failedState(name: string, found: GetFunctionResponse | undefined): CommandError {
  const reasons = (found?.StatusReasons ?? []).map(
    ({ ErrorCode = '', ErrorMessage = '' }) => `  ${ErrorCode}: ${ErrorMessage}`,
  );
  const todo =
    found?.Status === 'CreateFailed'
      ? 'It has never served: delete it in the console of SCF, put right what is said above, and run the same command again.'
      : 'Callers still get the version before. Put right what is said above, and run the same command again.';
  return new CommandError(
    EXIT.unavailable,
    [`${name} is ${found?.Status ?? 'no longer there'}.`, ...reasons, todo].join('\n'),
  );
}
