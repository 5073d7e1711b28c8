import autocannon from 'autocannon';

import { keyOf } from './callers.ts';

/** A flood of cancellations by autocannon, and what became of every one. */
export interface Flood {
  /** Tasks whose cancellation was accepted, and by whom it was asked. */
  readonly accepted: ReadonlyMap<string, number>;
  readonly refused: number;
  /** Without an answer, or with one that neither accepts nor refuses for now. */
  readonly lost: number;
  readonly seconds: number;
}

interface Asked {
  task?: string;
  caller?: number;
}

/** How many tasks the floods name, one after the other: more than are accepted in any of them, and as many for each of ten callers. */
export const FLOOD_TASKS = 3000;

interface Load {
  readonly seconds: number;
  readonly connections: number;
  /** The first of them sends half of everything, the others share the rest. */
  readonly callers: number;
  readonly firstCaller?: number;
}

export async function flood(
  ports: readonly number[],
  { seconds, connections, callers, firstCaller = 0 }: Load,
): Promise<Flood> {
  const accepted = new Map<string, number>();
  let [last, refused, lost] = [0, 0, 0];
  const begun = performance.now();
  const request: autocannon.Request = {
    method: 'DELETE',
    setupRequest(base, context: Asked) {
      last += 1;
      const caller = callers === 1 || last % 2 === 0 ? 0 : 1 + (((last - 1) / 2) % (callers - 1));
      // No two callers name the same task, which DLC would have only one of them cancel at a time.
      const task = `t${(last * callers + caller) % FLOOD_TASKS}`;
      Object.assign(context, { task, caller });
      const headers = { ...base.headers, 'X-API-Key': keyOf(firstCaller + caller) };
      return { ...base, path: `/tasks/${task}`, headers };
    },
    onResponse(status, _body, { task = '', caller = 0 }: Asked) {
      if (status === 202 || status === 200) accepted.set(task, caller);
      else if (status === 429 || status === 503) refused += 1;
      else lost += 1;
    },
  };
  const runs = await Promise.all(
    ports.map((port) =>
      autocannon({
        url: `http://127.0.0.1:${port}`,
        connections: connections / ports.length,
        duration: seconds,
        requests: [request],
      }),
    ),
  );
  for (const { errors, timeouts } of runs) lost += errors + timeouts;
  return { accepted, refused, lost, seconds: (performance.now() - begun) / 1000 };
}
