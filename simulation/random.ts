/** Random numbers that are the same in every run. */
export interface Random {
  /** Evenly from 0 to 1. */
  (): number;
}

/** Mulberry32 (T. Ettinger): 32 bits of state, plenty for arrivals and delays. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Times between independent events, and delays without a memory. */
export function exponential(random: Random, mean: number): number {
  return -mean * Math.log(1 - random());
}
