import { describe, expect, it } from '@jest/globals';

import { newCaller } from '../../support/dlc-client.ts';
import type { DlcClient, Reply } from '../../../src/lib/dlc/client.ts';
import {
  describeTasks,
  isFinal,
  lookupIn,
  mayStillChange,
  TASK_STATES,
} from '../../../src/lib/dlc/describe-task.ts';

const options = { caller: newCaller(), signal: AbortSignal.timeout(1000) };

function answering(TaskList: unknown): Pick<DlcClient, 'call'> {
  const response = { TaskList, TotalCount: 1, RequestId: 'r' };
  const reply: Reply = { outcome: 'answered', upstreamRequestId: 'r', response };
  return { call: async () => reply };
}

async function describeTask(TaskList: unknown) {
  const query = { region: 'ap-guangzhou', taskIds: ['a'], limit: 1 };
  return lookupIn(await describeTasks(answering(TaskList), query, options), 'a');
}

describe('describeTasks', () => {
  it.each([
    [0, 'initializing'],
    [1, 'running'],
    [2, 'succeeded'],
    [3, 'writing'],
    [4, 'queued'],
    [-1, 'failed'],
    [-3, 'cancelled'],
    [-2, 'unknown'],
    [5, 'unknown'],
    [-4, 'unknown'],
  ])('reads %i as %s', async (State, state) => {
    const looked = await describeTask([{ Id: 'a', State }]);
    expect(looked).toMatchObject({ outcome: 'found', task: { state, upstreamState: State } });
  });

  it('shows what may be shown of a task, and nothing else', async () => {
    const task = {
      Id: 'a',
      State: 1,
      DataEngineName: 'engine',
      DataEngineId: 'DataEngine-1',
      CreateTime: '2026-01-01 00:00:00',
      UpdateTime: '2026-01-01 00:00:01',
      SQL: 'SELECT secret',
      OperateUin: '100000000001',
    };
    expect(await describeTask([task])).toEqual({
      outcome: 'found',
      upstreamRequestId: 'r',
      task: {
        taskId: 'a',
        state: 'running',
        upstreamState: 1,
        engine: 'engine',
        engineNames: ['engine', 'DataEngine-1'],
        operator: '100000000001',
        upstreamCreateTime: '2026-01-01 00:00:00',
        upstreamUpdateTime: '2026-01-01 00:00:01',
      },
    });
  });

  it.each([
    [null, 'task-not-found'],
    [[], 'task-not-found'],
    [[null, 7, { Id: 'b', State: 1 }], 'task-not-found'],
    [undefined, 'upstream-invalid-response'],
    ['x', 'upstream-invalid-response'],
    [[{ Id: 'a' }], 'upstream-invalid-response'],
    [[{ Id: 'a', State: '1' }], 'upstream-invalid-response'],
  ])('takes a TaskList %j for %s', async (list, code) => {
    expect(await describeTask(list)).toMatchObject({ code });
  });

  it.each([[{ Id: 'b', State: null }], [{ Id: 'b', State: '1' }], [{}], [null]])(
    'reads a task whatever stands beside it: %j',
    async (other) => {
      const found = await describeTask([other, { Id: 'a', State: 1 }]);
      expect(found).toMatchObject({ outcome: 'found', task: { state: 'running' } });
      expect(await describeTask([other])).toMatchObject({ code: 'task-not-found' });
    },
  );

  it('leaves out texts that are none', async () => {
    const task = { Id: 'a', State: 1, DataEngineName: '', CreateTime: 7 };
    expect(await describeTask([task])).toMatchObject({
      task: { state: 'running', upstreamState: 1, engineNames: [] },
    });
  });
});

it('a state is final, may still change, or is not known', () => {
  const kinds = TASK_STATES.map((state) => [isFinal(state), mayStillChange(state)]);
  expect(kinds.filter(([final, changes]) => final && changes)).toEqual([]);
  expect([isFinal('unknown'), mayStillChange('unknown')]).toEqual([false, false]);
});
