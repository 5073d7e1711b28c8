/**
 * The rate limit of a region: evenly spaced slots (GCRA without a burst). A slot is a moment at which
 * one CancelTask may leave for DLC. N + 1 consecutive slots span at least 1 s + M. So if every request
 * arrives at DLC at most M after its slot, no sliding second there has more than N arrivals
 * (docs/decisions/0007). Slots are whole microseconds, so that sums are exact.
 */

/** M, in milliseconds: the longest time allowed between a slot and the arrival at DLC. */
export const MARGIN_MS = 100;

const SECOND_US = 1_000_000;

/** A principal may hold a quarter of the free slots by single requests, and an eighth by batches. */
export const SHARES = { single: 4, batch: 8 } as const;

export interface Holder {
  readonly principal: string;
  /** `batch`: batches and webhook deliveries. */
  readonly kind: keyof typeof SHARES;
}

/** One text for what holds slots: a principal's single requests, or its batches. */
export const holderId = ({ principal, kind }: Holder): string => `${kind} ${principal}`;

/** A request may leave between these moments of the steady clock, in milliseconds. */
export interface Slot {
  readonly granted: true;
  readonly fromMs: number;
  readonly untilMs: number;
}

export interface NoSlot {
  readonly granted: false;
  /** When the holder gets a slot, if all others go on as they do now; or after a quiet period. */
  readonly retryInMs: number;
  /** Nothing is sent for now, at any load. */
  readonly isQuiet: boolean;
}

/**
 * A slot `delayMs` after some moment between `sentMs` and `repliedMs`, when it was decided. A request may
 * leave until 0.8 M after it: the rest of M is for the way to DLC.
 */
export const slotAfter = (delayMs: number, sentMs: number, repliedMs = sentMs): Slot => ({
  granted: true,
  fromMs: repliedMs + delayMs,
  untilMs: sentMs + delayMs + 0.8 * MARGIN_MS,
});

/** In microseconds. */
export interface SlotRule {
  /** Between two slots. */
  readonly spacing: number;
  /** If present, slots lie this long after a multiple of the spacing. */
  readonly phase?: number;
  /** How far ahead a slot may be granted. */
  readonly maxWait: number;
  /** After this time, no slot that another source granted before can lie within 1 s + M. */
  readonly quiet: number;
}

/**
 * @param rate requests in any second. A rate below 1 is the share of an instance among more instances
 *   than slots in a second: only chance keeps them apart, so each takes half of its share, at moments
 *   of its own (`phase`). With 100 such instances the busiest second had 19 arrivals; with whole
 *   shares at any moment it had 92.
 * @param phase random, from 0 to 1: where the slots of a rate below 1 lie
 */
export function slotRule(rate: number, maxWaitMs: number, phase = 0): SlotRule {
  const second = SECOND_US + MARGIN_MS * 1000;
  const isScattered = rate < 1;
  const spacing = Math.ceil(second / (isScattered ? rate / 2 : Math.floor(rate)));
  return {
    spacing,
    // Clients come back at whole seconds, so a fixed moment needs a reach of a second.
    ...(isScattered && maxWaitMs >= 1000 && { phase: Math.floor(spacing * phase) }),
    maxWait: maxWaitMs * 1000,
    quiet: maxWaitMs * 1000 + second,
  };
}

/** `reachMs`: how far ahead this request can use a slot; the longest wait bounds it. */
export type SlotQuestion = readonly [region: string, holder: Holder, reachMs: number];

const noSlots = () => ({
  granted: [] as { readonly at: number; readonly holder: string }[],
  /** The first slot that is free; in the past if all are. */
  next: 0,
  backedOffAt: -Infinity,
  quietUntil: -Infinity,
});

export type OwnSlots = ReturnType<typeof createOwnSlots>;

/**
 * The slots of this process alone: all there are without Redis, or while Redis is down. It remembers
 * only slots that are still to come. `redis-scripts.ts` has the same rules; a property test compares them.
 */
export function createOwnSlots({ spacing, phase, maxWait }: SlotRule, steadyMs: () => number) {
  const nowUs = (): number => Math.round(steadyMs() * 1000);
  const regions = new Map<string, ReturnType<typeof noSlots>>();
  const slotsOf = (region: string) => {
    const slots = regions.get(region) ?? noSlots();
    regions.set(region, slots);
    return slots;
  };
  return {
    /**
     * Grants the first free slot. A holder has at most its share of the slots that are free within
     * `maxWait`, and at least one. So callers that ask for much leave room for callers that ask for
     * little, and the callers need not be counted (dynamic thresholds, docs/decisions/0007).
     */
    acquire(...[region, holder, reachMs]: SlotQuestion): Slot | NoSlot {
      const slots = slotsOf(region);
      const now = nowUs();
      slots.granted = slots.granted.filter(({ at }) => at > now);
      const free = Math.max(slots.next, now);
      const at =
        phase === undefined ? free : free + ((phase - (free % spacing) + spacing) % spacing);
      const latest = now + Math.min(Math.round(reachMs * 1000), maxWait);
      if (at > latest) {
        const isQuiet = slots.quietUntil > latest;
        return { granted: false, retryInMs: (at - latest) / 1000, isQuiet };
      }
      const id = holderId(holder);
      const held = slots.granted.filter((slot) => slot.holder === id);
      const count = Math.floor((now + maxWait - at) / spacing) + 1;
      const tooMany = held.length - Math.max(1, Math.floor(count / SHARES[holder.kind]));
      // So many of its slots have to pass first.
      if (tooMany >= 0) {
        const retryInMs = ((held[tooMany]?.at ?? at) - now) / 1000;
        return { granted: false, retryInMs, isQuiet: false };
      }
      slots.next = at + spacing;
      slots.granted.push({ at, holder: id });
      return slotAfter((at - now) / 1000, now / 1000);
    },

    /**
     * DLC replied RequestLimitExceeded (others use the account too): free slots begin a second later,
     * once for all refusals of a second, and at most a second beyond `maxWait`.
     */
    backOff(region: string): void {
      const slots = slotsOf(region);
      const now = nowUs();
      if (now - slots.backedOffAt < SECOND_US) return;
      slots.backedOffAt = now;
      const from = Math.min(Math.max(slots.next, now), now + maxWait);
      slots.next = Math.max(slots.next, from + SECOND_US);
    },

    /** Grants no slot of the region that is earlier than `ms` from now. */
    startQuietPeriod(region: string, ms: number): void {
      const slots = slotsOf(region);
      slots.quietUntil = nowUs() + ms * 1000;
      slots.next = Math.max(slots.next, slots.quietUntil);
    },
  };
}
