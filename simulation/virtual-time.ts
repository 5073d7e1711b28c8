/** Time in a simulation: it passes from one event to the next, as fast as the machine can. */
export class VirtualTime {
  #now = 0;
  readonly #events = new EventQueue();

  /** Milliseconds since the beginning. */
  get now(): number {
    return this.#now;
  }

  at(ms: number, act: () => void): void {
    this.#events.add({ at: Math.max(ms, this.#now), act });
  }

  readonly sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const stop = (): void => reject(signal?.reason);
      signal?.addEventListener('abort', stop, { once: true });
      this.at(this.#now + ms, () => {
        signal?.removeEventListener('abort', stop);
        resolve();
      });
    });

  /** Lets everything happen that is due until then. */
  async runUntil(ms: number): Promise<void> {
    for (let event = this.#events.next(ms); event; event = this.#events.next(ms)) {
      this.#now = event.at;
      event.act();
      // All that follows from it without time passing: promises settle before the next of these.
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#now = ms;
  }
}

interface Event {
  readonly at: number;
  readonly act: () => void;
}

/** A binary heap: the earliest first; of those at the same time, the one that was added first. */
class EventQueue {
  readonly #heap: (Event & { readonly order: number })[] = [];
  #added = 0;

  add(event: Event): void {
    const heap = this.#heap;
    heap.push({ ...event, order: this.#added++ });
    let child = heap.length - 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (!this.#isBefore(child, parent)) return;
      this.#swap(child, parent);
      child = parent;
    }
  }

  /** Takes the earliest out, if it is not after `ms`. */
  next(ms: number): Event | undefined {
    const heap = this.#heap;
    const [first] = heap;
    if (!first || first.at > ms) return undefined;
    this.#swap(0, heap.length - 1);
    heap.pop();
    for (let parent = 0; ;) {
      const left = 2 * parent + 1;
      const child = this.#isBefore(left + 1, left) ? left + 1 : left;
      if (!this.#isBefore(child, parent)) return first;
      this.#swap(child, parent);
      parent = child;
    }
  }

  #isBefore(i: number, j: number): boolean {
    const a = this.#heap[i];
    const b = this.#heap[j];
    return a !== undefined && b !== undefined && (a.at - b.at || a.order - b.order) < 0;
  }

  #swap(i: number, j: number): void {
    const a = this.#heap[i];
    const b = this.#heap[j];
    if (!a || !b) return;
    this.#heap[i] = b;
    this.#heap[j] = a;
  }
}
