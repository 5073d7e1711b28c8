import { monitorEventLoopDelay } from 'node:perf_hooks';

/** Between two slots, at 20 a second. */
const SPACING_MS = 55;
/** 21 slots span 1100 ms, and each may be used up to 80 ms late: with 20 ms more they are seen within a second. */
const SPARE_MS = 1100 - 1000 - 80;

/**
 * Watches this process, in which gateway and emulator run. What arrived while it stood still, the emulator sees at once.
 *
 * @returns ends the watch, and gives how many more requests than the rate may therefore be seen in one second
 */
export function watchStandstill(): () => number {
  const delays = monitorEventLoopDelay({ resolution: 5 });
  delays.enable();
  return () => {
    delays.disable();
    return Math.ceil(Math.max(0, delays.max / 1e6 - SPARE_MS) / SPACING_MS);
  };
}
