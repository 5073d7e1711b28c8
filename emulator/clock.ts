/** The time, as an option: tests bring their own. */
export interface Clock {
  /** The time of day in ms since 1970, for signatures and the times that tasks show. */
  wallMs(): number;
  /** Milliseconds on a clock that never jumps, for the rate limit and for how long a cancellation takes. */
  steadyMs(): number;
}

/**
 * The machine's own clocks. After a laptop has slept, its wall clock has moved on and its steady clock
 * has not: signatures must still verify then, so they use the wall clock.
 */
export const systemClock: Clock = {
  wallMs: () => Date.now(),
  steadyMs: () => performance.now(),
};

/** A clock that moves only by `advance`. */
interface ManualClock extends Clock {
  advance(ms: number): void;
}

/**
 * Makes a clock for tests.
 *
 * @param startMs its time of day, in ms since 1970; by default now, so that real SDKs, which sign
 *   with the machine's time, verify.
 */
export function manualClock(startMs: number = Date.now()): ManualClock {
  let passed = 0;
  return {
    wallMs: () => startMs + passed,
    steadyMs: () => passed,
    advance: (ms) => {
      passed += ms;
    },
  };
}
