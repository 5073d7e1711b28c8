import { expect, it } from '@jest/globals';

import type { Emulator } from '../../emulator/emulator.ts';
import { onEmulator } from '../support/emulator.ts';
import { KEY, keyEntry, startGateway } from '../support/three-callers.ts';

/** A trace that a caller has begun goes on: in the log, and in every call to DLC. */
let emulator: Emulator;
onEmulator({ id: 'mine', state: 'running', engine: 'etl' }, (started) => void (emulator = started));

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const TRACEPARENT = `00-${TRACE}-00f067aa0ba902b7-01`;
const API_KEYS = JSON.stringify([keyEntry(KEY, { engines: ['etl'] })]);

async function cancel(...traceparents: string[]) {
  const gateway = startGateway(emulator.port, { API_KEYS });
  const traces = traceparents.map((value) => ['Traceparent', value] as const);
  const headers = [['X-API-Key', KEY] as const, ['Prefer', 'wait=3'] as const, ...traces];
  const response = await gateway.send('DELETE', '/tasks/mine', headers);
  const logged = new Set(gateway.log.map((line) => Object(JSON.parse(line))['traceId']));
  logged.delete(undefined);
  return { response, logged };
}

const sent = (): (string | undefined)[] =>
  emulator.requests().map(({ headers }) => headers['x-tc-traceid']);

it('one trace for the question for the engine, the cancellation and the looks at its end', async () => {
  await emulator.addFault({ action: 'CancelTask', kind: 'reset-before', times: 1 });
  const { response, logged } = await cancel(TRACEPARENT);
  expect(response.status).toBe(200);
  expect([...logged]).toEqual([TRACE]);
  expect(sent().length).toBeGreaterThanOrEqual(4);
  expect(new Set(sent())).toEqual(new Set([TRACE]));
});

it.each([
  ['malformed', ['00-evil-evil-01']],
  ['repeated', [TRACEPARENT, TRACEPARENT]],
  ['absent', []],
])('a new trace where it is %s, the same in all calls, and shown to nobody', async (_, values) => {
  const { response, logged } = await cancel(...values);
  expect(response.status).toBe(200);
  expect(logged.size).toBe(1);
  const [traceId] = logged;
  expect(traceId).toMatch(/^[\da-f]{32}$/);
  expect(traceId).not.toBe(TRACE);
  expect(new Set(sent())).toEqual(logged);
  const shown = JSON.stringify(response);
  for (const secret of [TRACE, 'evil', String(traceId)]) expect(shown).not.toContain(secret);
});
