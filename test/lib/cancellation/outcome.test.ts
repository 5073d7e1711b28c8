import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { ruleFor } from '../../../src/lib/dlc/errors.ts';
import { type Failure, toProblem } from '../../../src/lib/dlc/failure.ts';
import type { Reply } from '../../../src/lib/dlc/client.ts';
import { needsLookup, settle, type Done } from '../../../src/lib/cancellation/attempts.ts';
import { Problem } from '../../../src/lib/problems.ts';
import { lookupIn, type Lookup, type TaskState } from '../../../src/lib/dlc/describe-task.ts';

const accepted: Reply = { outcome: 'answered', upstreamRequestId: 'r-accepted', response: {} };
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

/** A lookup whose response shows no task but this one. */
function shows(...states: readonly TaskState[]): Lookup {
  const unseen = { upstreamState: 0, engineNames: [], engine: undefined, kind: undefined };
  const more = {
    operator: undefined,
    upstreamCreateTime: undefined,
    upstreamUpdateTime: undefined,
  };
  const tasks = states.map((state) => ({ taskId: 'a', state, ...unseen, ...more }));
  const page = { outcome: 'answered', tasks, total: 1, upstreamRequestId: 'r-lookup' } as const;
  return lookupIn(page, 'a');
}
const found = (state: TaskState): Lookup => shows(state);
const absent = shows();
const FINISHED = 'InvalidParameter.TaskAlreadyFinished';
const ANOTHER = 'FailedOperation.AnotherRequestProcessing';

/** The answer in short: outcome or code, what qualifies it, and the request id. */
function short(response: Done | Problem): string {
  if (response instanceof Problem) {
    const { outcomeUnknown, taskState, upstreamRequestId: id = 'no id' } = response.members;
    return [response.code, outcomeUnknown && 'unknown', taskState, id].filter(Boolean).join();
  }
  const { outcome, confirmed, upstreamRequestId: id = 'no id' } = response;
  return [outcome, confirmed === false && 'unconfirmed', id].filter(Boolean).join();
}

describe('settle', () => {
  it.each<[string, Reply[], Lookup | undefined]>([
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
  ])('%s', (response, attempts, lookup) => {
    const lookedUp = lookup && 'upstreamCode' in lookup;
    const given = lookedUp ? { ...lookup, upstreamRequestId: 'r-lookup' } : lookup;
    expect(short(settle(attempts, given))).toBe(response);
  });

  it('needs an attempt', () => {
    expect(() => settle([], undefined)).toThrow('without an attempt');
    expect(needsLookup([])).toBe(false);
  });
});

describe('needsLookup', () => {
  it.each<[boolean, Reply[]]>([
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
    expect(settle([timeout])).toMatchObject({
      code: 'upstream-timeout',
      members: { outcomeUnknown: true, detail: expect.stringContaining('may or may not') },
    });
  });

  it('what the cloud refuses the gateway does not reach callers as a code', () => {
    const { members, code } = toProblem(said('AuthFailure.TokenFailure'));
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

  attempt(play: Play): Reply {
    if (play === 'refused connection') return refusedConnection;
    if (play === 'lost before') return timeout;
    if (play === 'busy') return said('RequestLimitExceeded');
    const response = this.#cancel();
    return play === 'lost after' ? timeout : response;
  }

  #cancel(): Reply {
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
          const attempts: Reply[] = [];
          for (const { play, tick } of steps) {
            attempts.push(task.attempt(play));
            if (attempts.at(-1)?.outcome === 'answered') break;
            if (tick) task.tick();
          }
          const { state } = task;
          const truth = state === 'absent' ? absent : found(state);
          const lookup =
            lookupKind === 'works' ? truth : lookupKind === 'off' ? undefined : timeout;
          const response = settle(attempts, needsLookup(attempts) ? lookup : undefined);
          assertTrue(response, task, start, attempts);
        },
      ),
      { numRuns: 5000 },
    );
  });
});

function assertTrue(
  response: Done | Problem,
  task: Model,
  start: TaskState | 'absent',
  attempts: readonly Reply[],
): void {
  const hadUnknown = attempts.some(({ outcome }) => outcome === 'unknown');
  if (!(response instanceof Problem)) {
    if (response.outcome === 'already_cancelled') expect(start).toBe('cancelled');
    if (response.outcome === 'cancelled') expect(task.state).toBe('cancelled');
    const isCertain = response.outcome === 'cancel_requested' && response.confirmed !== false;
    if (isCertain) expect(task.accepted).toBe(true);
    if (response.confirmed === false) expect(hadUnknown).toBe(true);
    return;
  }
  const { outcomeUnknown, taskState } = response.members;
  // "It failed" is never said of a cancellation that was taken, and "nobody knows" only where so.
  if (task.accepted) expect(outcomeUnknown).toBe(true);
  if (outcomeUnknown) expect(hadUnknown).toBe(true);
  if (taskState) expect(taskState).toBe(task.state);
  if (response.code === 'task-not-found') expect(start).toBe('absent');
}
