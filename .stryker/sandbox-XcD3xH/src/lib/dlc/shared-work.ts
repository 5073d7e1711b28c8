import type { TimeLeft } from '../deadline.ts';

/** Work that callers who ask for the same thing at the same time share. */
export interface SharedWork<T, Told> {
  /**
   * Joins the work under this key that is under way, or begins it. The work belongs to none of its
   * callers: it may take until the latest of their deadlines, and is aborted when the last has left.
   */
  run(key: string, caller: TimeLeft, begin: (deadline: TimeLeft) => Work<T, Told>): Share<T, Told>;
}

interface Work<T, Told> {
  readonly result: Promise<T>;
  /** What the work tells of itself while it goes on. */
  readonly told: Told;
}

/** A caller's part in the work. */
interface Share<T, Told> {
  /**
   * Its result; nothing where this caller's own deadline has passed, or this caller has gone, while
   * the work goes on for others.
   */
  readonly result: Promise<T | undefined>;
  readonly told: Told;
  /** Somebody else had begun it. */
  readonly isJoined: boolean;
}

interface Running<T, Told> extends Work<T, Told> {
  readonly deadline: JointDeadline;
}

export function createSharedWork<T, Told>(): SharedWork<T, Told> {
  const running = new Map<string, Running<T, Told>>();

  function start(key: string, caller: TimeLeft, begin: (deadline: TimeLeft) => Work<T, Told>) {
    const deadline = new JointDeadline(caller);
    const begun = { deadline, ...begin(deadline) };
    running.set(key, begun);
    // Nobody may join what has ended, nor what is being aborted.
    const forget = (): void => void (running.get(key) === begun && running.delete(key));
    deadline.signal.addEventListener('abort', forget);
    begun.result.then(forget, forget);
    return begun;
  }

  return {
    run(key, caller, begin) {
      if (caller.signal.aborted) return { ...begin(caller), isJoined: false };
      const joined = running.get(key);
      joined?.deadline.add(caller);
      const { deadline, result, told } = joined ?? start(key, caller, begin);
      return { result: untilLeft(result, caller, deadline), told, isJoined: joined !== undefined };
    },
  };
}

/** Gives the work's result, or nothing once the caller has left others behind with it. */
function untilLeft<T>(
  result: Promise<T>,
  caller: TimeLeft,
  deadline: JointDeadline,
): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const leave = (): void => {
      // The last caller waits for what comes of it: aborted, the work ends at once.
      if (!deadline.leave(caller)) resolve(undefined);
    };
    caller.signal.addEventListener('abort', leave, { once: true });
    result.then(resolve, reject).finally(() => caller.signal.removeEventListener('abort', leave));
  });
}

/** The deadline of shared work: as late as the latest among its callers'. */
class JointDeadline implements TimeLeft {
  readonly #controller = new AbortController();
  readonly #callers: Set<TimeLeft>;

  constructor(first: TimeLeft) {
    this.#callers = new Set([first]);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  remaining(): number {
    return Math.max(0, ...[...this.#callers].map((caller) => caller.remaining()));
  }

  add(caller: TimeLeft): void {
    this.#callers.add(caller);
  }

  /** @returns whether this was the last of the callers */
  leave(caller: TimeLeft): boolean {
    this.#callers.delete(caller);
    if (this.#callers.size > 0) return false;
    this.#controller.abort(caller.signal.reason);
    return true;
  }
}
