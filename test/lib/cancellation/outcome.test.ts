import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { ruleFor } from '../../../src/lib/dlc/errors.ts';
import { type Failure, toLookupProblem } from '../../../src/lib/dlc/failure.ts';
import {
  needsLookup,
  settle,
  toCancelProblem,
  type Attempt,
  type CancelResult,
} from '../../../src/lib/cancellation/attempts.ts';
import type { Lookup, TaskState } from '../../../src/lib/dlc/describe-task.ts';

const accepted: Attempt = { outcome: 'accepted', upstreamRequestId: 'r-accepted' };
const timeout: Failure = {
  outcome: 'unknown',
  code: 'upstream-timeout',
  again: true,
  reason: 'timeout',
};
const refusedConnection: Failure = {
  outcome: 'did-not-happen',
  code: 'upstream-unreachable',
  again: true,
  reason: 'ECONNREFUSED',
};

function said(upstreamCode: string): Failure {
  const id = `r-${upstreamCode}`;
  return { ...ruleFor(upstreamCode), upstreamCode, upstreamRequestId: id, reason: 'said' };
}

function found(state: TaskState): Lookup {
  return {
    outcome: 'found',
    requestId: 'r-lookup',
    task: { state, upstreamState: 0, engineNames: [] },
  };
}

const absent: Lookup = { outcome: 'absent', requestId: 'r-lookup' };
const FINISHED = 'InvalidParameter.TaskAlreadyFinished';
const ANOTHER = 'FailedOperation.AnotherRequestProcessing';

/** The answer in short: outcome or code, what qualifies it, and the request id. */
function short(answer: CancelResult): string {
  const { upstreamRequestId: id = 'no id' } = answer;
  if (answer.kind === 'done') {
    return [answer.outcome, answer.confirmed === false && 'unconfirmed', id].filter(Boolean).join();
  }
  const { failure, outcomeUnknown, taskState } = answer;
  return [failure.code, outcomeUnknown && 'unknown', taskState, id].filter(Boolean).join();
}

describe('settle', () => {
  it.each<[string, Attempt[], Lookup | undefined]>([
    ['cancel_requested,r-accepted', [accepted], undefined],
    ['cancel_requested,r-accepted', [timeout, accepted], undefined],
    ['upstream-unreachable,no id', [refusedConnection], undefined],
    ['task-not-found,r-ResourceNotFound', [said('ResourceNotFound')], undefined],
    ['task-not-found,r-ResourceNotFound', [refusedConnection, said('ResourceNotFound')], undefined],
    // The lookup tells one "already" from the other.
    [`already_cancelled,r-${FINISHED}`, [said(FINISHED)], found('cancelled')],
    [`task-already-finished,succeeded,r-${FINISHED}`, [said(FINISHED)], found('succeeded')],
    [`task-already-finished,failed,r-${FINISHED}`, [said(FINISHED)], found('failed')],
    [`task-already-finished,r-${FINISHED}`, [said(FINISHED)], found('running')],
    [`task-already-finished,r-${FINISHED}`, [said(FINISHED)], found('unknown')],
    [`task-already-finished,r-${FINISHED}`, [said(FINISHED)], absent],
    [`task-already-finished,r-${FINISHED}`, [said(FINISHED)], timeout],
    [`task-already-finished,r-${FINISHED}`, [said(FINISHED)], undefined],
    [`already_cancelled,r-${FINISHED}`, [said(ANOTHER), said(FINISHED)], found('cancelled')],
    // After an unknown outcome the state settles it.
    ['cancelled,r-lookup', [timeout], found('cancelled')],
    [`cancelled,r-${FINISHED}`, [timeout, said(FINISHED)], found('cancelled')],
    ['cancelled,r-ResourceNotFound', [timeout, said('ResourceNotFound')], found('cancelled')],
    ['task-already-finished,succeeded,r-lookup', [timeout], found('succeeded')],
    [`task-already-finished,failed,r-${FINISHED}`, [timeout, said(FINISHED)], found('failed')],
    // Where it does not, a conflict after the unknown attempt is probably its own doing.
    [`cancel_requested,unconfirmed,r-${FINISHED}`, [timeout, said(FINISHED)], undefined],
    [`cancel_requested,unconfirmed,r-${ANOTHER}`, [timeout, said(ANOTHER)], found('running')],
    [`cancel_requested,unconfirmed,r-${ANOTHER}`, [timeout, said(ANOTHER), timeout], absent],
    // A conflict before it is not.
    [`upstream-timeout,unknown,r-${ANOTHER}`, [said(ANOTHER), timeout], undefined],
    // And no other error says what happened.
    ['upstream-timeout,unknown,no id', [timeout, refusedConnection], undefined],
    ['upstream-timeout,unknown,r-ResourceNotFound', [timeout, said('ResourceNotFound')], absent],
    ['upstream-timeout,unknown,r-AuthFailure', [timeout, said('AuthFailure')], found('running')],
    ['upstream-timeout,unknown,r-lookup', [timeout], found('unknown')],
    ['upstream-internal-error,unknown,r-InternalError', [timeout, said('InternalError')], timeout],
    ['upstream-timeout,unknown,r-lookup', [timeout], said('r-lookup')],
  ])('%s', (answer, attempts, lookup) => {
    const lookedUp = lookup && 'upstreamCode' in lookup;
    const given = lookedUp ? { ...lookup, upstreamRequestId: 'r-lookup' } : lookup;
    expect(short(settle(attempts, given))).toBe(answer);
  });

  it('needs an attempt', () => {
    expect(() => settle([], undefined)).toThrow('without an attempt');
    expect(needsLookup([])).toBe(false);
  });
});

describe('needsLookup', () => {
  it.each<[boolean, Attempt[]]>([
    [false, [accepted]],
    [false, [timeout, accepted]],
    [false, [refusedConnection]],
    [false, [said(ANOTHER)]],
    [true, [said(FINISHED)]],
    [true, [timeout]],
    [true, [timeout, refusedConnection]],
  ])('%s', (needed, attempts) => {
    expect(needsLookup(attempts)).toBe(needed);
  });
});

describe('as a problem', () => {
  it('an unknown outcome says so, in a sentence of its own', () => {
    const answer = settle([timeout], undefined);
    const problem = answer.kind === 'failed' ? toCancelProblem(answer) : undefined;
    expect(problem).toMatchObject({
      code: 'upstream-timeout',
      members: { outcomeUnknown: true, detail: expect.stringContaining('may or may not') },
    });
  });

  it('what the cloud refuses the gateway is not told by its code', () => {
    const { members, code } = toLookupProblem(said('AuthFailure.TokenFailure'));
    expect(code).toBe('upstream-credentials-rejected');
    expect(members).toEqual({ upstreamRequestId: 'r-AuthFailure.TokenFailure' });
  });
});

/** One attempt as the model of the task plays it: whether DLC gets it, and what the gateway hears. */
type Play = 'answered' | 'lost before' | 'lost after' | 'refused connection' | 'busy';

const START = ['running', 'succeeded', 'failed', 'cancelled', 'absent'] as const;

/** A task, and a DLC that tells the truth about it where its answer arrives. */
class Model {
  state: (typeof START)[number];
  accepted = false;

  constructor(state: (typeof START)[number]) {
    this.state = state;
  }

  /** The cancellation that was accepted takes effect. */
  tick(): void {
    if (this.accepted) this.state = 'cancelled';
  }

  attempt(play: Play): Attempt {
    if (play === 'refused connection') return refusedConnection;
    if (play === 'lost before') return timeout;
    if (play === 'busy') return said('RequestLimitExceeded');
    const answer = this.#cancel();
    return play === 'lost after' ? timeout : answer;
  }

  #cancel(): Attempt {
    if (this.state === 'absent') return said('InvalidParameter.InvalidTaskId');
    if (this.state !== 'running') return said(FINISHED);
    if (this.accepted) return said(ANOTHER);
    this.accepted = true;
    return accepted;
  }
}

describe('whatever happens to the attempts', () => {
  it('the answer is true', () => {
    const step = fc.record({
      play: fc.constantFrom<Play>(
        'answered',
        'lost before',
        'lost after',
        'refused connection',
        'busy',
      ),
      tick: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.constantFrom(...START),
        fc.array(step, { minLength: 1, maxLength: 6 }),
        fc.constantFrom('works', 'fails', 'off'),
        (start, steps, lookupKind) => {
          const task = new Model(start);
          const attempts: Attempt[] = [];
          for (const { play, tick } of steps) {
            attempts.push(task.attempt(play));
            if (attempts.at(-1)?.outcome === 'accepted') break;
            if (tick) task.tick();
          }
          const { state } = task;
          const truth = state === 'absent' ? absent : found(state);
          const lookup =
            lookupKind === 'works' ? truth : lookupKind === 'off' ? undefined : timeout;
          const answer = settle(attempts, needsLookup(attempts) ? lookup : undefined);
          assertTrue(answer, task, start, attempts);
        },
      ),
      { numRuns: 5000 },
    );
  });
});

function assertTrue(
  answer: CancelResult,
  task: Model,
  start: TaskState | 'absent',
  attempts: readonly Attempt[],
): void {
  const hadUnknown = attempts.some(({ outcome }) => outcome === 'unknown');
  if (answer.kind === 'done') {
    if (answer.outcome === 'already_cancelled') expect(start).toBe('cancelled');
    if (answer.outcome === 'cancelled') expect(task.state).toBe('cancelled');
    const isCertain = answer.outcome === 'cancel_requested' && answer.confirmed !== false;
    if (isCertain) expect(task.accepted).toBe(true);
    if (answer.confirmed === false) expect(hadUnknown).toBe(true);
    return;
  }
  // "It failed" is never said of a cancellation that was taken, and "nobody knows" only where so.
  if (task.accepted) expect(answer.outcomeUnknown).toBe(true);
  if (answer.outcomeUnknown) expect(hadUnknown).toBe(true);
  if (answer.taskState) expect(answer.taskState).toBe(task.state);
  if (answer.failure.code === 'task-not-found') expect(start).toBe('absent');
}
