import { randomUUID } from 'node:crypto';

import type { Emulator } from '../../emulator/emulator.ts';
import type { DemoCallers } from '../start/demo.ts';
import { frontendRequest, sendRequest } from './callers.ts';

/** Far more cancellations than DLC takes, for a while: what the rate view is there to show. */

/** Tasks of the flood are told from the others by their engine. */
export const FLOOD_ENGINE = 'flood-engine';

/** Sixty a second, three times what DLC takes, for ten seconds. */
const TICK_MS = 100;
const PER_TICK = 6;
const TICKS = 100;
/** Each with a token and a quota of its own, of which a flood of one caller would soon be at the end. */
const CALLERS = 12;

export interface FloodState {
  readonly isRunning: boolean;
  /** Requests sent so far, of so many. */
  readonly offered: number;
  readonly of: number;
  /** How many answers there were, by status. */
  readonly answers: Readonly<Record<string, number>>;
}

export interface Flood {
  /** @returns whether it began: there is one at a time */
  begin(): boolean;
  state(): FloodState;
  /** Ends it before its time. */
  stop(): void;
}

export function createFlood(emulator: Emulator, gateway: string, callers: DemoCallers): Flood {
  let timer: NodeJS.Timeout | undefined;
  let offered = 0;
  let answers: Record<string, number> = {};

  const stop = (): void => {
    clearInterval(timer);
    timer = undefined;
  };
  async function offer(index: number): Promise<void> {
    const wanted = { taskId: taskId(index), requestId: `flood-${randomUUID()}` };
    const subject = `flood-${index % CALLERS}`;
    const request = await frontendRequest(gateway, callers, { ...wanted, subject });
    const status = await sendRequest(request).then(
      (answer) => String(answer.status),
      () => 'none',
    );
    answers[status] = (answers[status] ?? 0) + 1;
  }
  function tick(): void {
    for (let i = 0; i < PER_TICK; i++) void offer(offered++);
    if (offered >= TICKS * PER_TICK) stop();
  }

  return {
    begin() {
      if (timer) return false;
      offered = 0;
      answers = {};
      const ids = Array.from({ length: TICKS * PER_TICK }, (_, index) => taskId(index));
      emulator.addTasks(ids.map((id) => ({ id, state: 'running', engine: FLOOD_ENGINE })));
      timer = setInterval(tick, TICK_MS);
      return true;
    },
    state: () => ({
      isRunning: timer !== undefined,
      offered,
      of: TICKS * PER_TICK,
      answers: { ...answers },
    }),
    stop,
  };
}

const taskId = (index: number): string => `flood-${String(index + 1).padStart(3, '0')}`;
