import { reservedMemory } from './requests.ts';
import type { Deployment } from './deployment.ts';

/**
 * What may be reserved, in MB, of an account's concurrency in a region ("Quota Limits" and "Concurrency
 * Overview" of SCF): by default it has 128,000 or 64,000, of which 12,800 stay for functions without a
 * reserved quota; a million is the most that SCF speaks of at all.
 */
const USUAL = 64_000 - 12_800;
const MOST = 1_000_000;

type Bounded = Pick<Deployment, 'variables' | 'memorySize'>;

/** What no account has: somebody's mistake. */
export function absurdQuota(deployment: Bounded): string[] {
  const reserved = reservedMemory(deployment) ?? 0;
  if (!(reserved > MOST)) return [];
  return [
    `EXPECTED_INSTANCES: so many of ${deployment.memorySize} MB reserve ${reserved} MB, and SCF goes to ${MOST} at most: ` +
      'lower it, or share the limits through REDIS_URL, which needs no bound',
  ];
}

/** What an account may have to ask for first. */
export function quotaNote(deployment: Bounded): string | undefined {
  const reserved = reservedMemory(deployment) ?? 0;
  if (!(reserved > USUAL)) return undefined;
  return `EXPECTED_INSTANCES reserves ${reserved} MB: not every account may reserve more than ${USUAL} MB in a region (SCF's "Quota Limits").`;
}
