import type { Credentials } from './authenticate.ts';
import type { Clock } from './clock.ts';
import { FaultQueue } from './faults.ts';
import { Journal, SlidingSecond } from './journal.ts';
import { TaskStore } from './tasks.ts';

/** Everything that the API's responses depend on. */
export interface Cloud {
  clock: Clock;
  credentials: Credentials;
  tasks: TaskStore;
  faults: FaultQueue;
  cancelRate: SlidingSecond;
  journal: Journal;
}

/** What `GET /_emulator/stats` shows. */
export interface EmulatorStats {
  /** Requests received that named the action, refused ones too. */
  calls: { CancelTask: number; DescribeTasks: number };
  /** The most CancelTask requests with a good signature that arrived in any sliding second, in one region. */
  busiestSecond: number;
  /** How many of them were over the limit. */
  rateLimited: number;
  /** Requests that failed to authenticate, for whatever reason. */
  badSignatures: number;
  /** Ids whose cancellation was accepted, in that order; the state follows `cancelMs` later. */
  cancelled: string[];
}

/** Makes an empty cloud. */
export function makeCloud(
  clock: Clock,
  credentials: Credentials,
  { cancelMs, rate }: { cancelMs: number; rate: number },
): Cloud {
  return {
    clock,
    credentials,
    tasks: new TaskStore(clock, cancelMs),
    faults: new FaultQueue(),
    cancelRate: new SlidingSecond(rate),
    journal: new Journal(),
  };
}

/** Forgets tasks, faults and everything counted. */
export function clearCloud({ tasks, faults, cancelRate, journal }: Cloud): void {
  for (const part of [tasks, faults, cancelRate, journal]) part.clear();
}

export function cloudStats({ tasks, cancelRate, journal }: Cloud): EmulatorStats {
  return {
    calls: { ...journal.calls },
    busiestSecond: cancelRate.busiest,
    rateLimited: cancelRate.refused,
    badSignatures: journal.badSignatures,
    cancelled: [...tasks.accepted],
  };
}
