import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { startEmulator, type Emulator } from '../../emulator/emulator.ts';
import { KEYS, settingsFor } from '../support/gateway.ts';
import { startFunction } from '../support/processes.ts';

/** CloudWatch's embedded metric format: what a function writes where `METRICS_EMF` is on. */
let emulator: Emulator;
beforeAll(async () => {
  emulator = await startEmulator({ cancelMs: 0, rate: 1e6 });
  emulator.addTasks({ id: 'a', state: 'running' });
});
afterAll(() => emulator.close());

const UNITS = ['Count', 'Milliseconds', 'Seconds', 'Bytes', 'Percent', 'None'];

interface Directive {
  readonly Namespace: string;
  readonly Dimensions: string[][];
  readonly Metrics: { readonly Name: string; readonly Unit: string }[];
}

/** The rules of the specification's schema, and that whatever is announced is there. */
function expectEmf(line: Record<string, unknown>): Record<string, unknown> {
  const { Timestamp, CloudWatchMetrics, ...nothing }: Record<string, unknown> = Object(
    line['_aws'],
  );
  expect(nothing).toEqual({});
  expect(Number.isInteger(Timestamp)).toBe(true);
  expect(Math.abs(Date.now() - Number(Timestamp))).toBeLessThan(3_600_000);
  const directives: Directive[] = Object(CloudWatchMetrics);
  expect(directives).toHaveLength(1);
  for (const { Namespace, Dimensions, Metrics, ...others } of directives) {
    expect(others).toEqual({});
    expect(Namespace).toMatch(/^[\w./#:-]{1,255}$/);
    expect(Namespace.startsWith('AWS/')).toBe(false);
    expect(Dimensions.length).toBeGreaterThan(0);
    for (const set of Dimensions) {
      expect(set.length).toBeGreaterThan(0);
      expect(set.length).toBeLessThanOrEqual(30);
      for (const name of set) expect(line[name]).toMatch(/^[\x20-\x7e]{1,1024}$/);
    }
    expect(Metrics.length).toBeGreaterThan(0);
    expect(Metrics.length).toBeLessThanOrEqual(100);
    for (const { Name, Unit, ...more } of Metrics) {
      expect(more).toEqual({});
      expect(UNITS).toContain(Unit);
      expect(Number.isFinite(line[Name])).toBe(true);
    }
  }
  return line;
}

const event = (path: string, key: string) => ({
  httpMethod: 'DELETE',
  path,
  headers: { 'X-API-Key': key },
});

describe('a function', () => {
  it('writes one line for each request where it is switched on, whatever the level of the log', async () => {
    const settings = settingsFor(emulator, { METRICS_EMF: 'on', LOG_LEVEL: 'silent' });
    const bundle = await startFunction(settings);
    await bundle.invoke(event('/tasks/a', KEYS.both));
    await bundle.invoke(event('/tasks/a', 'nobody'));
    await bundle.invoke({ httpMethod: 'GET', path: '/healthz' });
    await bundle.invoke({ httpMethod: 'GET', path: '/no"where\n' });
    await bundle.logged(({ route }) => route === 'none');
    const lines = bundle.lines();
    expect(lines.map(expectEmf)).toMatchObject([
      {
        event: 'metrics',
        route: '/tasks/{taskId}',
        result: 'cancel_requested',
        requests: 1,
        attempts: 1,
        upstreamMs: expect.any(Number),
        totalMs: expect.any(Number),
      },
      { route: '/tasks/{taskId}', result: 'unauthenticated', requests: 1 },
      { route: '/healthz', result: '200' },
      { route: 'none', result: 'route-not-found' },
    ]);
    expect(JSON.stringify(lines)).not.toMatch(/key:both|"a"|no.*where"/);
    await bundle.stop();
  });

  it('writes none by default', async () => {
    const bundle = await startFunction(settingsFor(emulator));
    await bundle.invoke({ httpMethod: 'GET', path: '/healthz' });
    await bundle.logged((line) => line['event'] === 'request');
    expect(bundle.lines().filter((line) => '_aws' in line)).toEqual([]);
    await bundle.stop();
  });
});
