import type { Acquired, Limiter, SlotRequest } from '../rate-limit/limiter.ts';

/** So many slots of a batch are waited for at once, in a region. Its share of the rate is mostly smaller. */
const MOST_AHEAD = 8;

interface Waiting {
  /** The smallest gets the next slot. */
  readonly order: number;
  readonly request: SlotRequest;
  readonly resolve: (acquired: Acquired) => void;
}

/**
 * The attempts of a batch that wait for slots of one region, in one list. A slot goes to the first of
 * it. If no further slot is in reach, the last one is refused, since the slots that are still to come
 * go to the others.
 */
export class SlotList {
  readonly #limiter: Pick<Limiter, 'acquire'>;
  readonly #waiting: Waiting[] = [];
  /** Never more than wait. */
  #acquiring = 0;

  constructor(limiter: Pick<Limiter, 'acquire'>) {
    this.#limiter = limiter;
  }

  acquire(request: SlotRequest, order: number): Promise<Acquired> {
    return new Promise((resolve) => {
      const after = this.#waiting.findIndex((one) => one.order > order);
      const at = after < 0 ? this.#waiting.length : after;
      this.#waiting.splice(at, 0, { order, request, resolve });
      this.#fill();
    });
  }

  #fill(): void {
    while (this.#acquiring < Math.min(MOST_AHEAD, this.#waiting.length)) {
      this.#acquiring += 1;
      void this.#acquireOne();
    }
  }

  async #acquireOne(): Promise<void> {
    const [first] = this.#waiting;
    const acquired = first && (await this.#limiter.acquire({ ...first.request, kind: 'batch' }));
    this.#acquiring -= 1;
    if (!acquired) return;
    const isOver = first.request.signal.aborted;
    const leaving = acquired.granted
      ? this.#waiting.splice(0, 1)
      : this.#waiting.splice(isOver ? 0 : -1);
    for (const { resolve } of leaving) resolve(acquired);
    this.#fill();
  }
}
