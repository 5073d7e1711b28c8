import type { Times } from '../../src/lib/rate-limit/patient-store.ts';

/** Time that passes only when a test says so; whoever sleeps is woken in the order of time. */
export class ManualTime implements Times {
  #steady = 1000;
  /** The wall clock, and any other that is not set meanwhile. */
  #wall = 1_800_000_000_000;
  readonly #sleepers = new Set<{ at: number; wake: () => void }>();

  readonly steadyMs = (): number => this.#steady;
  readonly wallMs = (): number => this.#wall;

  readonly sleep: Times['sleep'] = (ms, signal) =>
    new Promise((resolve, reject) => {
      const sleeper = { at: this.#steady + ms, wake: resolve };
      this.#sleepers.add(sleeper);
      const stop = (): void => {
        this.#sleepers.delete(sleeper);
        reject(signal.reason);
      };
      if (signal.aborted) stop();
      else signal.addEventListener('abort', stop, { once: true });
    });

  /** Lets so much time pass, and all that wakes in it do what it does then. */
  async pass(ms: number): Promise<void> {
    const end = this.#steady + ms;
    await settled();
    for (;;) {
      const [first] = [...this.#sleepers].toSorted((a, b) => a.at - b.at);
      if (!first || first.at > end) break;
      this.#goTo(first.at);
      this.#sleepers.delete(first);
      first.wake();
      await settled();
    }
    this.#goTo(end);
    await settled();
  }

  /** The process stands still for so long: nothing wakes meanwhile, everything that is due after it. */
  async standStill(ms: number, isSteadyClockToo = false): Promise<void> {
    this.#wall += ms;
    if (!isSteadyClockToo) this.#steady += ms;
    await this.pass(0);
  }

  #goTo(at: number): void {
    const forward = Math.max(0, at - this.#steady);
    this.#steady += forward;
    this.#wall += forward;
  }
}

/** Lets everything happen that needs no time. */
async function settled(): Promise<void> {
  for (let i = 0; i < 5; i += 1) await new Promise((resolve) => setImmediate(resolve));
}
