import { expect, it } from '@jest/globals';

import { startEmulator, type Emulator } from '../emulator/emulator.ts';
import type { FaultRequest } from '../emulator/faults.ts';
import { faultCells, type Cell } from './support/fault-cells.ts';
import { startInProcess, type Answer, type InProcessGateway } from './support/in-process.ts';
import { keyEntry } from './support/key-entry.ts';

/** In every situation, a task's result in a mixed batch is what `DELETE` gives in the same situation. */

const PER_BATCH = 50;
/** Every so many cells of the fault matrix: no divisor of the lists that they are made of. */
const EVERY = 11;
const KEY = 'a-key-of-a-caller-for-the-batch-matrix';
const COMMON = { MAX_ATTEMPTS: '3', LOG_LEVEL: 'silent', REQUEST_TIMEOUT_MS: '60000' };
/** Every fault ends by itself, so a busy machine must not end an attempt either. */
const PATIENT = { ...COMMON, ATTEMPT_TIMEOUT_MS: '30000' };
const HASTY = { ...COMMON, MAX_ATTEMPTS: '2', ATTEMPT_TIMEOUT_MS: '2000' };

const hangs = ({ kind }: FaultRequest): boolean => /^(hang|hang-body|drip)$/.test(kind);
/** It is about the region, and not about one task. */
const isOfRate = (fault: FaultRequest): boolean =>
  (fault.kind === 'code' && fault.code === 'RequestLimitExceeded') ||
  (fault.kind === 'status' && fault.status === 429);

const CELLS = faultCells().filter(
  ({ group, faults }) => (group === 'CancelTask' || group === 'then') && !faults.some(isOfRate),
);
const cellsWith = (lookup: boolean, isHanging: boolean): Cell[] =>
  CELLS.filter((cell) => cell.lookup === lookup && cell.faults.some(hangs) === isHanging);
const some = (cells: readonly Cell[]): Cell[] => cells.filter((_, i) => i % EVERY === 0);

it.each([true, false])(
  'whatever goes wrong (lookup: %s)',
  async (lookup) => {
    const cells = some(cellsWith(lookup, false));
    expect(cells.length).toBeGreaterThan(100);
    for (let i = 0; i < cells.length; i += PER_BATCH) {
      await compare(cells.slice(i, i + PER_BATCH), { ...PATIENT, ...lookupOf(lookup) });
    }
  },
  300_000,
);

it('where some hang, and others do not', async () => {
  const hanging = some(cellsWith(true, true)).slice(0, 12);
  const mixed = some(cellsWith(true, false)).slice(0, 24);
  await compare([...mixed.slice(0, 12), ...hanging, ...mixed.slice(12)], HASTY);
}, 120_000);

it('where only some of the tasks are the caller’s', async () => {
  const API_KEYS = JSON.stringify([keyEntry(KEY, { rate: '9999/s', engines: ['etl'] })]);
  // Every other task runs on another engine.
  const cells = some(cellsWith(true, false)).slice(0, 40);
  await compare(cells, { ...PATIENT, API_KEYS }, (i) => (i % 2 ? 'etl' : 'reports'));
}, 120_000);

const lookupOf = (lookup: boolean) => (lookup ? {} : { TASK_STATE_LOOKUP: 'off' });

type Situation = (prefix: string) => Promise<{ ids: string[]; gateway: InProcessGateway }>;

/** Sends the cells one by one and as a batch, each to an emulator of its own. */
async function compare(
  cells: readonly Cell[],
  env: Readonly<Record<string, string>>,
  engineOf: (i: number) => string = () => 'etl',
): Promise<void> {
  const emulators = await Promise.all(
    [1, 2].map(() => startEmulator({ cancelMs: 0, rate: 1_000_000 })),
  );
  const [one, other] = emulators;
  if (!one || !other) throw new Error('two emulators');
  const prepare = (emulator: Emulator) => situation(emulator, cells, env, engineOf);
  const single = await prepare(one)('single');
  const deleted = await Promise.all(
    single.ids.map((id) => single.gateway.send('DELETE', `/tasks/${id}`, HEADERS)),
  );
  const batch = await prepare(other)('batch');
  const body = JSON.stringify({ taskIds: batch.ids });
  const reply = await batch.gateway.send('POST', '/tasks:cancel', HEADERS, body);
  const results: object[] = Object(reply.body['results']);
  const names = cells.map(({ name }) => name);
  expect(results.map((result, i) => [names[i], fromResult(result)])).toEqual(
    deleted.map((response, i) => [names[i], fromDelete(response)]),
  );
  const numberOf = (id: string): string => id.replace(/^\D+/, '');
  const took = emulators.map((emulator) => emulator.stats().cancelled.map(numberOf).toSorted());
  expect(took[1]).toEqual(took[0]);
  await Promise.all(emulators.map((emulator) => emulator.close()));
}

const HEADERS = [
  ['X-API-Key', KEY],
  ['Content-Type', 'application/json'],
] as const;

function situation(
  emulator: Emulator,
  cells: readonly Cell[],
  env: Readonly<Record<string, string>>,
  engineOf: (i: number) => string,
): Situation {
  return async (prefix) => {
    const ids = cells.map((_, i) => `${prefix}-${i}`);
    for (const [i, { state, faults }] of cells.entries()) {
      const taskId = ids[i] ?? '';
      if (state !== 'absent') emulator.addTasks({ id: taskId, state, engine: engineOf(i) });
      await emulator.addFault(faults.map((fault) => ({ ...fault, taskId })));
    }
    const API_KEYS = JSON.stringify([keyEntry(KEY, { rate: '9999/s' })]);
    const gateway = startInProcess({
      port: emulator.port,
      env: { API_KEYS, ...env },
      random: () => 0.1,
    });
    return { ids, gateway };
  };
}

/** What both ways say of a task, apart from its id and the ids of requests. */
const MEMBERS = [
  'status',
  'outcome',
  'confirmed',
  'code',
  'detail',
  'retryable',
  'outcomeUnknown',
  'taskState',
  'upstreamCode',
] as const;

function fromResult(result: object): Record<string, unknown> {
  const members: Record<string, unknown> = { ...result };
  const { retryAfter, upstreamRequestId, taskId: _, ...rest } = members;
  return { ...rest, retryAfter, hasUpstreamId: upstreamRequestId !== undefined };
}

function fromDelete({ status, body, headers }: Answer): Record<string, unknown> {
  const all: Readonly<Record<string, unknown>> = { ...body, status };
  const known = MEMBERS.flatMap((name) => (name in all ? [[name, all[name]] as const] : []));
  const retryAfter = headers['Retry-After'];
  const isRetryable = body['retryable'] === true;
  return {
    ...Object.fromEntries(known),
    retryAfter: isRetryable ? Number(retryAfter) : undefined,
    hasUpstreamId: body['upstreamRequestId'] !== undefined,
  };
}
