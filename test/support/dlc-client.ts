import type { ServerResponse } from 'node:http';

import { systemClock } from '../../src/lib/clock.ts';
import {
  createDlcClient,
  type Caller,
  type DlcClient,
  type Reply,
} from '../../src/lib/dlc/client.ts';
import { parseEndpoint } from '../../src/lib/dlc/endpoint.ts';
import { startUpstream, type UpstreamServer } from './upstream-server.ts';

/** The gateway's client of DLC, and servers in DLC's place that are closed together. */

export const CLOUD_ENV = { TENCENTCLOUD_SECRETID: 'AKIDTEST', TENCENTCLOUD_SECRETKEY: 'key' };

const open: { close(): Promise<void> }[] = [];

/** Has a server closed by `closeUpstreams`. */
export function closeLater<T extends { close(): Promise<void> }>(server: T): T {
  open.push(server);
  return server;
}

export async function closeUpstreams(): Promise<void> {
  await Promise.all(open.splice(0).map((server) => server.close()));
}

export async function upstream(
  response: (response: ServerResponse, nth: number) => void,
  options?: { secure?: boolean },
): Promise<UpstreamServer> {
  return closeLater(await startUpstream(response, options));
}

export function clientOf(
  port: number,
  env: Record<string, string> = CLOUD_ENV,
  protocol = 'http',
): DlcClient {
  const log = { write: () => undefined };
  return createDlcClient(parseEndpoint(`${protocol}://127.0.0.1:${port}`), {
    env,
    log,
    clock: systemClock,
  });
}

export function cancel(dlc: DlcClient, signal = AbortSignal.timeout(5000)): Promise<Reply> {
  return dlc.call(
    'CancelTask',
    { TaskId: 'a' },
    {
      region: 'ap-guangzhou',
      caller: newCaller(),
      signal,
    },
  );
}

/** A request that calls are made for. */
export function newCaller(traceId = 't'): Caller {
  return { requestId: 'r', traceId, stats: { attempts: 0, waitMs: 0 } };
}

/** One call to an upstream that answers like this. */
export async function cancelAgainst(response: (response: ServerResponse) => void): Promise<Reply> {
  return cancel(clientOf((await upstream(response)).port));
}
