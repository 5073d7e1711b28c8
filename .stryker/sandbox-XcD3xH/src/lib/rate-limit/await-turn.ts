import { wholeSeconds } from './fields.ts';
import type { Limiter } from './limiter.ts';

/** Where turns come from, and how they are waited for. */
export interface Turns {
  readonly limiter: Limiter;
  readonly steadyMs: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

export interface TurnRequest {
  readonly region: string;
  readonly principal: string;
  /** How many milliseconds from now a turn is of use. */
  readonly reachMs: () => number;
  readonly signal: AbortSignal;
  /**
   * Begins what the departure needs (a connection), while the turn is waited for; does not reject. A
   * turn that is missed because of it is let go for another.
   */
  readonly prepare: () => Promise<void>;
}

/**
 * `mayLeave`: false once the turn is past, which its holder has to look at just before it leaves.
 * `retryAfter`: seconds, where there is no turn in time.
 */
type TurnAnswer =
  | { readonly go: true; readonly mayLeave: () => boolean }
  | { readonly go: false; readonly retryAfter: number };

/** Waits until it is this request's turn; whoever can have none in time is told so at once. */
export async function awaitTurn(
  request: TurnRequest,
  { limiter, steadyMs, sleep }: Turns,
): Promise<TurnAnswer> {
  const { region, principal, reachMs, signal, prepare } = request;
  let prepared: Promise<void> | undefined;
  for (;;) {
    const reply = await limiter.takeTurn(region, principal, reachMs());
    if (!reply.granted) return { go: false, retryAfter: atLeastOne(reply.retryInMs) };
    const { turn, fromMs, toMs } = reply;
    prepared ??= prepare();
    for (let ms = fromMs - steadyMs(); ms > 0 && !signal.aborted; ms = fromMs - steadyMs()) {
      await sleep(Math.ceil(ms), signal).catch(() => undefined);
    }
    await prepared;
    if (signal.aborted) {
      limiter.giveBack(turn);
      return { go: false, retryAfter: atLeastOne(fromMs - steadyMs()) };
    }
    const mayLeave = (): boolean => steadyMs() <= toMs;
    if (mayLeave()) return { go: true, mayLeave };
  }
}

function atLeastOne(ms: number): number {
  return Math.max(1, wholeSeconds(ms));
}
