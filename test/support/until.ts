import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until there is something to give; fails after a minute, so that no test waits for ever. */
export async function until<T>(
  get: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  const end = Date.now() + 60_000;
  for (;;) {
    const value = await get();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > end) throw new Error('waited for what did not come');
    await sleep(2);
  }
}
