import type { Clock } from '../../src/lib/clock.ts';

/** Time that passes only when a test says so; sleepers wake in the order of time. */
export class ManualTime {
  #steady = 1000;
  readonly #sleepers = new Set<{ at: number; wake: () => void }>();

  readonly steadyMs = (): number => this.#steady;

  readonly sleep: Clock['sleep'] = (ms, signal) =>
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
      for (const sleeper of [...this.#sleepers].filter(({ at }) => at === first.at)) {
        this.#sleepers.delete(sleeper);
        sleeper.wake();
      }
      await settled();
    }
    this.#goTo(end);
    await settled();
  }

  /** The process is frozen: nothing wakes meanwhile, everything that is due wakes afterwards. */
  async freeze(ms: number): Promise<void> {
    this.#steady += ms;
    await this.pass(0);
  }

  #goTo(at: number): void {
    this.#steady = Math.max(this.#steady, at);
  }
}

/** Lets everything happen that needs no time. */
async function settled(): Promise<void> {
  for (let i = 0; i < 5; i += 1) await new Promise((resolve) => setImmediate(resolve));
}
