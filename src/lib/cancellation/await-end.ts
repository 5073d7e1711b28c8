import type { TimeLeft } from '../deadline.ts';
import type { TaskRef } from '../task-request.ts';
import { lookUpWithin, type Upstream } from './cancel.ts';
import { isFinal, type FinalState } from '../dlc/task-state.ts';

/** Pauses between looks: 100 ms, 200 ms, 400 ms, …, but never above 1 s. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1000;
/** The last look comes so long before the end that there is time for its answer. */
const LAST_LOOK_MS = 100;

/**
 * Looks at a task's state until it is final.
 *
 * @param ms how long at most; never beyond the deadline
 * @returns the final state; nothing where time was up, or DLC refuses to tell
 */
export async function awaitEnd(
  task: TaskRef,
  ms: number,
  deadline: TimeLeft,
  upstream: Upstream,
): Promise<FinalState | undefined> {
  const { clock } = upstream;
  const endsAt = clock.now() + ms;
  const timeLeft = (): number => Math.min(endsAt - clock.now(), deadline.remaining());
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    const wait = Math.min(pause, timeLeft() - LAST_LOOK_MS);
    if (wait <= 0) return undefined;
    await clock.sleep(wait, deadline.signal).catch(() => undefined);
    const seen = await lookUpWithin(timeLeft(), task, deadline, upstream);
    if (seen?.outcome === 'found' && isFinal(seen.task.state)) return seen.task.state;
    const isRefused = seen && 'again' in seen && !seen.again;
    if (isRefused || deadline.signal.aborted) return undefined;
  }
}
