/** A bound on what happens at once for the same key. */
export interface Slots {
  /** Takes a slot; gives what frees it again, or nothing where all are taken. */
  take(key: string): (() => void) | undefined;
}

export function createSlots(perKey: number): Slots {
  const taken = new Map<string, number>();
  const add = (key: string, change: 1 | -1): void => {
    const count = (taken.get(key) ?? 0) + change;
    if (count > 0) taken.set(key, count);
    else taken.delete(key);
  };
  return {
    take(key) {
      if ((taken.get(key) ?? 0) >= perKey) return undefined;
      add(key, 1);
      return () => add(key, -1);
    },
  };
}
