import { expect, it } from '@jest/globals';
import { PassThrough } from 'node:stream';

import { createRequestQueue } from '../../../src/lib/http/request-queue.ts';
import { until } from '../../support/until.ts';

/** Keeps the processor busy for longer than a slice lasts. */
function burn(): void {
  const end = performance.now() + 3;
  while (performance.now() < end);
}

it.each([
  ['at once', async () => burn()],
  ['in microtasks', async () => Promise.resolve().then(burn)],
  [
    'in microtasks and ticks',
    async () => {
      await Promise.resolve();
      await new Promise<void>((resolve) => process.nextTick(resolve));
      burn();
    },
  ],
])('gives the event loop its turn between requests that work %s', async (_, work) => {
  const queue = createRequestQueue();
  const count = 20;
  const order: string[] = [];
  for (let i = 0; i < count; i += 1) {
    queue.add(new PassThrough(), async () => {
      order.push('request');
      await work();
    });
  }
  const turn = (): void => {
    order.push('turn');
    if (order.filter((each) => each === 'request').length < count) setImmediate(turn);
  };
  setImmediate(turn);
  await until(() => order.filter((each) => each === 'request').length === count);
  expect(order.join(' ')).not.toContain('request request request');
});

it('serves many short requests in one turn', async () => {
  const queue = createRequestQueue();
  let served = 0;
  for (let i = 0; i < 10; i += 1) queue.add(new PassThrough(), async () => (served += 1));
  let turns = 0;
  const turn = (): void => {
    turns += 1;
    if (served < 10) setImmediate(turn);
  };
  setImmediate(turn);
  await until(() => served === 10);
  expect(turns).toBeLessThan(10);
});

it('lets connections be accepted first, but not for ever', async () => {
  const queue = createRequestQueue();
  let served = false;
  let turns = 0;
  const turn = (): void => {
    turns += 1;
    queue.accepted();
    if (!served) setImmediate(turn);
  };
  turn();
  queue.add(new PassThrough(), async () => (served = true));
  await until(() => served);
  expect(turns).toBeGreaterThan(10);
  expect(turns).toBeLessThan(30);
});

it('serves connections in turns, and the requests of one in their order', async () => {
  const queue = createRequestQueue();
  const [pipelining, quiet] = [new PassThrough(), new PassThrough()];
  const order: string[] = [];
  for (let i = 0; i < 5; i += 1) queue.add(pipelining, async () => order.push(`p${i}`));
  queue.add(quiet, async () => order.push('quiet'));
  expect([queue.isLast(pipelining), queue.isLast(new PassThrough())]).toEqual([false, true]);
  await until(() => order.length === 6);
  expect(order).toEqual(['p0', 'quiet', 'p1', 'p2', 'p3', 'p4']);
  expect(queue.isLast(pipelining)).toBe(true);
});

it('serves no request of a connection that has closed', async () => {
  const queue = createRequestQueue();
  const [closed, open] = [new PassThrough(), new PassThrough()];
  const served: string[] = [];
  queue.add(closed, async () => served.push('closed'));
  queue.add(open, async () => served.push('open'));
  closed.destroy();
  await until(() => served.length > 0);
  expect(served).toEqual(['open']);
});

it('does not read a connection further on which too many requests wait', async () => {
  const queue = createRequestQueue();
  const socket = new PassThrough().resume();
  let end = (): void => undefined;
  const first = new Promise<void>((resolve) => (end = resolve));
  let served = 0;
  queue.add(socket, () => first);
  for (let i = 0; i < 100; i += 1) queue.add(socket, async () => (served += 1));
  expect(socket.isPaused()).toBe(true);
  end();
  await until(() => served === 100);
  expect(socket.isPaused()).toBe(false);
});
