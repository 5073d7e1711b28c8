import { PATIENCE_MS } from './patient-store.ts';

/** How often a store that failed is looked at, where there are decisions to make; and just after. */
const PROBE_EVERY_MS = 1000;
const PROBE_SOON_MS = 200;

/** For so long after a failure it counts as dead without a look. Longer than two probes are apart. */
const DEAD_FOR_MS = 2000;

/** Turns of an instance's own need a failure that was seen so shortly before they begin, or later. */
const PROOF_MS = 350;

/**
 * What an instance knows of the shared store, and what that allows. All times are milliseconds of its
 * steady clock, and all rules hold whatever the other instances have noticed of the same failure.
 */
export class StoreWatch {
  isShared = true;
  /** Counts the switches: what was asked before one is not what is to be done after it. */
  era = 0;
  readonly #holdMs: number;
  /** After a switch, own turns are handed out no earlier: the hold, less what turns reach ahead. */
  readonly #ownFromMs: number;
  #turnsFrom = -Infinity;
  #goodAt = -Infinity;
  #leftAt = -Infinity;
  #failedAt = -Infinity;
  #probedAt = -Infinity;
  /** Since it was left, the store may have been started anew: what it knew of turns may be gone. */
  #mayHaveForgotten = false;

  constructor(holdMs: number, maxWaitMs: number) {
    this.#holdMs = holdMs;
    this.#ownFromMs = holdMs - maxWaitMs;
  }

  /** How long the store is to be asked for no turn yet. */
  waitMs(now: number): number {
    return this.#turnsFrom - now;
  }

  /** @param sentMs when something was asked that the store has answered */
  saw(sentMs: number): void {
    this.#goodAt = Math.max(this.#goodAt, sentMs);
  }

  failed(now: number, isSilence: boolean): void {
    this.#failedAt = now;
    if (!isSilence) this.#mayHaveForgotten = true;
    if (!this.isShared) return;
    this.isShared = false;
    this.era += 1;
    this.#leftAt = this.#probedAt = now;
  }

  /** Turns of before may be out that the store does not know of. */
  hold(now: number): void {
    this.#turnsFrom = Math.max(this.#turnsFrom, now + this.#holdMs);
  }

  /**
   * Back to the store. Others take their own turns until they have looked again, and those turns are
   * still to come then; but nobody has any yet where the store was silent for a shorter time than an
   * instance waits before its own.
   *
   * @returns for how many milliseconds it is asked for no turn
   */
  recovered(now: number): number {
    this.isShared = true;
    this.era += 1;
    const wasShort = now - this.#goodAt < this.#ownFromMs - PROOF_MS - 2 * PATIENCE_MS;
    const holdMs =
      wasShort && !this.#mayHaveForgotten ? 0 : DEAD_FOR_MS + PATIENCE_MS + this.#holdMs;
    this.#mayHaveForgotten = false;
    this.#turnsFrom = Math.max(this.#turnsFrom, now + holdMs);
    return holdMs;
  }

  /** Whether to look now; counts as looking. */
  mayProbe(now: number): boolean {
    // Whoever waits for the turns of before asks for none, but must know if the store dies again.
    const isOfUse = !this.isShared || this.waitMs(now) > 0;
    const isNew = now - this.#leftAt < this.#ownFromMs;
    const isDue = now - this.#probedAt >= (isNew ? PROBE_SOON_MS : PROBE_EVERY_MS);
    if (!isOfUse || !isDue) return false;
    this.#probedAt = now;
    return true;
  }

  /** Whether own turns need another look first: the others may be sharing again since the last one. */
  needsProof(now: number): boolean {
    if (this.isShared) return false;
    const mayHaveTurns = now - this.#leftAt >= this.#ownFromMs;
    const isProven = this.#failedAt - this.#leftAt >= this.#ownFromMs - PROOF_MS;
    return now - this.#failedAt > DEAD_FOR_MS || (mayHaveTurns && !isProven);
  }
}
