/** Bounds how much happens at the same time for the same key. */
export interface ConcurrencyLimit {
  /** @returns what ends it again; nothing if the bound is reached */
  enter(key: string): (() => void) | undefined;
}

export function createConcurrencyLimit(perKey: number): ConcurrencyLimit {
  const counts = new Map<string, number>();
  const add = (key: string, change: 1 | -1): void => {
    const count = (counts.get(key) ?? 0) + change;
    if (count > 0) counts.set(key, count);
    else counts.delete(key);
  };
  return {
    enter(key) {
      if ((counts.get(key) ?? 0) >= perKey) return undefined;
      add(key, 1);
      return () => add(key, -1);
    },
  };
}
