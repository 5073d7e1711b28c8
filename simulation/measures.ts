/** What is read off a run. */

/** Most events in any sliding second; an event at its very end is outside. @param times ascending, ms */
export function busiestSecond(times: readonly number[]): number {
  let busiest = 0;
  let first = 0;
  for (const [index, time] of times.entries()) {
    while ((times[first] ?? time) <= time - 1000) first += 1;
    busiest = Math.max(busiest, index - first + 1);
  }
  return busiest;
}

/**
 * Jain's fairness index (Jain, Chiu, Hawe 1984): 1 where all are equal, 1/n where one has everything.
 *
 * @param shares what each got, as a part of what was fair
 */
export function jain(shares: readonly number[]): number {
  const sum = shares.reduce((total, share) => total + share, 0);
  const squares = shares.reduce((total, share) => total + share * share, 0);
  return squares === 0 ? 1 : (sum * sum) / (shares.length * squares);
}

/**
 * Max-min fair shares: nobody gets more than it asks for, and what those leave who ask for little is
 * shared evenly by the others.
 */
export function maxMinShares(demands: readonly number[], capacity: number): number[] {
  const shares = demands.map(() => 0);
  const byDemand = demands.map((demand, index) => ({ demand, index }));
  byDemand.sort((a, b) => a.demand - b.demand);
  let left = capacity;
  for (const [done, { demand, index }] of byDemand.entries()) {
    const share = Math.min(demand, left / (byDemand.length - done));
    shares[index] = share;
    left -= share;
  }
  return shares;
}
