import { expect, it } from '@jest/globals';

import { newTally, type Exchange } from '../src/exchange.ts';
import { systemClock } from '../src/lib/clock.ts';
import { createDlcClient } from '../src/lib/dlc/client.ts';
import { parseEndpoint } from '../src/lib/dlc/endpoint.ts';
import { TOO_LATE } from '../src/lib/dlc/failure.ts';
import { MemoryLimiter } from '../src/lib/rate-limit/limiter.ts';
import { createLog } from '../src/lib/observability/log.ts';
import { upstreamFor } from '../src/upstream-for.ts';
import { CLOUD_ENV } from './support/dlc-client.ts';

it('a request whose turn was past before it was written is no call: not in the log, not among the attempts', async () => {
  const lines: string[] = [];
  const steadyMs = (): number => performance.now();
  const tally = newTally();
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the ids are all that is read of it
  const exchange = { requestId: 'r', traceId: 't' } as Exchange;
  const upstream = upstreamFor(exchange, tally, {
    config: { attemptTimeoutMs: 1000, maxAttempts: 1, taskStateLookup: false },
    dlc: createDlcClient(parseEndpoint('http://127.0.0.1:9'), CLOUD_ENV),
    log: createLog('debug', Date.now, (line) => void lines.push(line)),
    clock: systemClock,
    random: () => 0,
    turns: {
      limiter: new MemoryLimiter(20, 3000, steadyMs),
      steadyMs,
      sleep: (ms, signal) => systemClock.sleep(ms, signal),
    },
    load: { waiting: 0 },
  });
  const options = { region: 'ap-guangzhou', signal: AbortSignal.timeout(1000) };
  const call = (mayLeave: () => boolean) =>
    upstream.dlc.call('CancelTask', { TaskId: 'a' }, { ...options, mayLeave });
  expect(await call(() => false)).toBe(TOO_LATE);
  expect({ lines, attempts: tally.attempts }).toEqual({ lines: [], attempts: 0 });
  expect(await call(() => true)).toMatchObject({ outcome: 'did-not-happen' });
  expect({ lines: lines.length, attempts: tally.attempts }).toEqual({ lines: 1, attempts: 1 });
});
