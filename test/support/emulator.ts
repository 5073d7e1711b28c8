import { afterAll, beforeAll, beforeEach } from '@jest/globals';

import type { TaskRequest } from '../../emulator/control-input.ts';
import { startEmulator, type Emulator, type EmulatorOptions } from '../../emulator/emulator.ts';

/**
 * Starts an emulator for the tests of a file, each of which begins with these tasks and no others.
 *
 * @param use gets the emulator before the first test
 * @param options by default, cancellations take effect at once and are as good as unlimited
 */
export function onEmulator(
  tasks: TaskRequest | readonly TaskRequest[],
  use: (emulator: Emulator) => void,
  options: EmulatorOptions = { cancelMs: 0, rate: 1e6 },
): void {
  let emulator: Emulator;
  beforeAll(async () => {
    emulator = await startEmulator(options);
    use(emulator);
  });
  beforeEach(async () => {
    await emulator.reset();
    emulator.addTasks(tasks);
  });
  afterAll(() => emulator.close());
}
