import { afterAll, beforeAll, expect, it } from '@jest/globals';

import { startEmulator, type Emulator } from '../emulator/emulator.ts';
import { createApp } from '../src/app.ts';
import { toHeaderFields } from '../src/lib/http/message.ts';
import { createLog } from '../src/lib/observability/log.ts';
import { loadSettings } from '../src/settings.ts';
import { openApiText } from '../scripts/openapi/document.ts';
import { KEYS, settingsFor } from './support/gateway.ts';

/** While too many audit lines wait for a reader, nothing happens that needs another one. */
let emulator: Emulator;
beforeAll(async () => {
  emulator = await startEmulator();
});
afterAll(() => emulator.close());

it('refuses cancellations, of strangers too, and goes on with all else', async () => {
  const env = settingsFor(emulator);
  const lines: Record<string, unknown>[] = [];
  let waiting = 0;
  const log = createLog('info', Date.now, {
    write: (line) => void lines.push(JSON.parse(line)),
    bytesWaiting: () => waiting,
  });
  const app = createApp(loadSettings(env, '/'), { env, log, readDocument: openApiText });
  const statusOf = async (method: string, path: string, key: string): Promise<number> => {
    const headers = toHeaderFields([['X-API-Key', key]]);
    const readBody = async (): Promise<Buffer> => Buffer.alloc(0);
    return (await app.serve({ method, path, query: [], headers, readBody })).status;
  };
  emulator.addTasks({ id: 'a', state: 'running' });
  waiting = 100 * 1024 * 1024;
  expect(await statusOf('DELETE', '/tasks/a', KEYS.both)).toBe(503);
  expect(await statusOf('DELETE', '/tasks/a', 'a key that nobody knows')).toBe(503);
  expect(await statusOf('GET', '/tasks/a', KEYS.both)).toBe(200);
  expect(await statusOf('GET', '/healthz', KEYS.both)).toBe(200);
  expect(lines).toEqual([]);
  waiting = 0;
  expect(await statusOf('DELETE', '/tasks/a', KEYS.both)).toBe(202);
  const events = lines.map(({ event, count }) => [event, count]);
  expect(events).toEqual([
    ['audit', undefined],
    ['audit', undefined],
    ['lines-dropped', 4],
    ['request', undefined],
  ]);
});
