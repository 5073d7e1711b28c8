import { createQuotas, type QuotaRule } from '../../src/lib/rate-limit/quota.ts';
import { createOwnSlots, type Holder, type SlotRule } from '../../src/lib/rate-limit/slots.ts';

const REGION = 'ap-guangzhou';
const us = (ms: number): number => Math.round(ms * 1000);

export type Decision =
  | { readonly granted: true; readonly at: number }
  | { readonly granted: false; readonly retryIn: number; readonly isQuiet: boolean };

/** An instance's own slots of one region, at times of the test's own. All times are microseconds. */
export function slotsAtTimes(rule: SlotRule) {
  let now = 0;
  const slots = createOwnSlots(rule, () => now / 1000);
  return {
    acquire(holder: Holder, at: number, reach: number): Decision {
      now = at;
      const reply = slots.acquire(REGION, holder, reach / 1000);
      if (reply.granted) return { granted: true, at: us(reply.fromMs) };
      return { granted: false, retryIn: us(reply.retryInMs), isQuiet: reply.isQuiet };
    },
    backOff(at: number): void {
      now = at;
      slots.backOff(REGION);
    },
    startQuietPeriod: (forUs: number) => slots.startQuietPeriod(REGION, forUs / 1000),
  };
}

/** An instance's own quotas, at times of the test's own, in milliseconds. */
export function quotasAtTimes(most?: number) {
  let now = 0;
  const quotas = createQuotas(() => now, most);
  return {
    spend(key: string, at: number, rule: QuotaRule, ...more: [number?, boolean?]) {
      now = at;
      return quotas.spend(key, rule, ...more);
    },
  };
}
