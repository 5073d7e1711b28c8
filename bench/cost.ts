import { wrongUsage } from '../scripts/cli/command-line.ts';

/**
 * What a million cancellations cost as a function, by the formula that SCF and Lambda have in common: so much a million
 * invocations, and so much a GB-second, of the memory that is configured and the time that is billed. Prices differ by
 * region and change: whoever asks gives them.
 *
 * Sources: SCF's billing overview, https://aws.amazon.com/lambda/pricing/ (Lambda).
 */
export interface CostInputs {
  /** Configured, in MB: 1024 of them are a GB. */
  readonly memoryMb: number;
  /** Of one cancellation: nearly all of it is DLC's. */
  readonly ms: number;
  /** What the platform rounds a time up to; 1 on both today. */
  readonly stepMs: number;
  /** Which part of the invocations starts an instance, 0 to 1, and how long that takes. */
  readonly coldShare: number;
  readonly coldMs: number;
  /** In whatever currency. */
  readonly perMillion: number;
  readonly perGbSecond: number;
}

const DEFAULTS = { stepMs: 1, coldShare: 0, coldMs: 0 };
const NAMES = {
  memoryMb: 'memory',
  ms: 'ms',
  stepMs: 'step',
  coldShare: 'cold-share',
  coldMs: 'cold-ms',
  perMillion: 'per-million',
  perGbSecond: 'per-gb-second',
} as const;

export function costOfMillion(inputs: CostInputs): number {
  const { memoryMb, ms, stepMs, coldShare, coldMs, perMillion, perGbSecond } = inputs;
  const billed = (time: number): number => Math.ceil(time / stepMs) * stepMs;
  const seconds = ((1 - coldShare) * billed(ms) + coldShare * billed(ms + coldMs)) * 1000;
  return perMillion + seconds * (memoryMb / 1024) * perGbSecond;
}

/** @param text `memory=256,ms=60,per-million=…,per-gb-second=…` @throws CommandError 64 */
export function readCostInputs(text: string): CostInputs {
  const parts = text.split(',').map((part) => part.split('='));
  const given = new Map(parts.map(([name = '', is = '']) => [name, is]));
  const known = new Set<string>(Object.values(NAMES));
  if (given.size < parts.length || [...given.keys()].some((name) => !known.has(name))) {
    throw wrongUsage(`--cost takes each of ${[...known].join(', ')} at most once`);
  }
  const value = (name: string, fallback?: number): number => {
    const is = given.get(name) ?? String(fallback ?? '');
    if (!/^\d+(\.\d+)?$/.test(is)) throw wrongUsage(`--cost needs ${name}=NUMBER, 0 or more`);
    return Number(is);
  };
  if (value(NAMES.stepMs, DEFAULTS.stepMs) === 0)
    throw wrongUsage('--cost: step must be more than 0');
  if (value(NAMES.coldShare, DEFAULTS.coldShare) > 1)
    throw wrongUsage('--cost: cold-share is a part of 1');
  return {
    memoryMb: value(NAMES.memoryMb),
    ms: value(NAMES.ms),
    stepMs: value(NAMES.stepMs, DEFAULTS.stepMs),
    coldShare: value(NAMES.coldShare, DEFAULTS.coldShare),
    coldMs: value(NAMES.coldMs, DEFAULTS.coldMs),
    perMillion: value(NAMES.perMillion),
    perGbSecond: value(NAMES.perGbSecond),
  };
}
