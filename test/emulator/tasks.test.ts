import { describe, expect, it } from '@jest/globals';
import type { TaskResponseInfo } from 'tencentcloud-sdk-nodejs/tencentcloud/services/dlc/v20210125/dlc_models.js';
import { manualClock } from '../../emulator/clock.ts';
import { ApiError } from '../../emulator/envelope.ts';
import { taskInfo } from '../../emulator/task-info.ts';
import { taskStateName, taskStateNames, taskStates, TaskStore } from '../../emulator/tasks.ts';

const region = 'ap-guangzhou';

function makeStore(cancelMs = 1000) {
  const clock = manualClock(Date.parse('2026-01-31T20:00:00Z'));
  return { clock, store: new TaskStore(clock, cancelMs) };
}

function codeOf(act: () => void): string {
  try {
    act();
    return 'ok';
  } catch (error) {
    return error instanceof ApiError ? error.code : String(error);
  }
}

describe('a cancellation', () => {
  it.each([
    [taskStates.initializing, 'ok'],
    [taskStates.running, 'ok'],
    [taskStates.writing, 'ok'],
    [taskStates.queued, 'ok'],
    [taskStates.succeeded, 'InvalidParameter.TaskAlreadyFinished'],
    [taskStates.cancelled, 'InvalidParameter.TaskAlreadyFinished'],
    [taskStates.failed, 'ResourceNotFound.TaskAlreadyFailed'],
    [5, 'InvalidParameter.TaskAlreadyFinished'],
  ])('of a task in state %i: %s', (state, code) => {
    const { store } = makeStore();
    store.put({ id: 'a', state });
    expect(codeOf(() => store.cancel('a', region))).toBe(code);
    expect(store.accepted).toEqual(code === 'ok' ? ['a'] : []);
  });

  it('takes effect when its time is up, and refuses another one until then', () => {
    const { clock, store } = makeStore(1000);
    store.put({ id: 'a', state: taskStates.queued });
    store.cancel('a', region);
    clock.advance(999);
    expect(store.find('a', region)).toMatchObject({ state: 4, isCancelling: true });
    expect(codeOf(() => store.cancel('a', region))).toBe(
      'FailedOperation.AnotherRequestProcessing',
    );
    clock.advance(1);
    expect(store.find('a', region)).toMatchObject({ state: -3, isCancelling: false });
    expect(codeOf(() => store.cancel('a', region))).toBe('InvalidParameter.TaskAlreadyFinished');
    expect(store.accepted).toEqual(['a']);
  });

  it('takes effect at once when it takes no time', () => {
    const { store } = makeStore(0);
    store.put({ id: 'a', state: taskStates.running });
    store.cancel('a', region);
    expect(store.find('a', region)?.state).toBe(-3);
  });

  it('of no task: InvalidTaskId, in another region too', () => {
    const { store } = makeStore();
    store.put({ id: 'a', state: 1, region: 'ap-singapore' });
    expect(codeOf(() => store.cancel('a', region))).toBe('InvalidParameter.InvalidTaskId');
    expect(codeOf(() => store.cancel('a', 'ap-singapore'))).toBe('ok');
  });
});

describe('regions', () => {
  it('keeps a task without a region in all of them, as one task', () => {
    const { store } = makeStore(0);
    store.put({ id: 'a', state: 1 });
    store.cancel('a', 'ap-singapore');
    expect(store.find('a', region)?.state).toBe(-3);
    expect(store.list(region)).toHaveLength(1);
  });

  it('prefers the task of the region, and lists the newest first', () => {
    const { store } = makeStore();
    store.put({ id: 'a', state: 1 });
    store.put({ id: 'a', state: 2, region });
    store.put({ id: 'b', state: 1, region: 'ap-singapore' });
    expect(store.find('a', region)?.state).toBe(2);
    expect(store.list(region).map(({ state }) => state)).toEqual([2]);
    expect(store.list('ap-singapore').map(({ id, state }) => [id, state])).toEqual([
      ['b', 1],
      ['a', 1],
    ]);
    expect(store.list()).toHaveLength(3);
    expect(store.findAnywhere('b')?.region).toBe('ap-singapore');
  });
});

describe('putting a task that is there already', () => {
  it('starts it anew', () => {
    const { store } = makeStore(0);
    store.put({ id: 'a', state: 1, engine: 'x' });
    store.cancel('a', region);
    store.put({ id: 'a', state: 1 });
    expect(store.list()).toMatchObject([{ state: 1, isCancelling: false, engine: 'demo-engine' }]);
    expect(codeOf(() => store.cancel('a', region))).toBe('ok');
    expect(store.accepted).toEqual(['a', 'a']);
  });
});

describe('taskInfo', () => {
  it("is the SDK's TaskResponseInfo, with what must never get out", () => {
    const { clock, store } = makeStore(1000);
    store.put({ id: 'a', state: 1, engine: 'spark-1' });
    store.cancel('a', region);
    clock.advance(5000);
    const info: TaskResponseInfo = taskInfo(store.list()[0] ?? store.put({ id: '', state: 0 }));
    expect(info).toMatchObject({
      Id: 'a',
      State: -3,
      DataEngineName: 'spark-1',
      DataEngineId: 'DataEngine-spark-1',
      CreateTime: '2026-02-01 04:00:00',
      UpdateTime: '2026-02-01 04:00:01',
      SQL: expect.stringContaining('SELECT'),
      OutputPath: expect.stringContaining('cosn://'),
      OperateUin: expect.stringMatching(/^\d{12}$/),
    });
  });
});

describe('task states', () => {
  it('have each a name, and other numbers have none', () => {
    expect(taskStateNames.toSorted()).toEqual(Object.keys(taskStates).toSorted());
    for (const name of taskStateNames) expect(taskStateName(taskStates[name])).toBe(name);
    expect(taskStateName(5)).toBe('unknown');
  });
});
