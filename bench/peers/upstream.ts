import http from 'node:http';
import net from 'node:net';

import type {
  ClientConfig,
  Credential,
} from 'tencentcloud-sdk-nodejs/tencentcloud/common/interface.js';

import type { Cancel, Env, Settings } from './job.ts';
import { toRefusal } from './upstream-errors.ts';

/** How DLC is reached: the same for both ways to import the SDK, and as far as it goes for the one without. */

/** For the headers of an answer, in seconds; the SDK waits as long again for the body. */
export const TIMEOUT_S = 3;

export interface Upstream {
  /** The name that is signed. */
  readonly endpoint: string;
  readonly protocol: 'https://' | 'http://';
  /** Node's own where there is none: it keeps connections alive since Node 19. */
  readonly agent?: http.Agent;
}

/**
 * Reads `DLC_ENDPOINT`. The SDK signs for what stands before the endpoint's first dot, so a local server keeps
 * DLC's name and only the connection goes there. With any agent the SDK no longer looks at `http_proxy`.
 */
export function readUpstream(env: Env): Upstream {
  const { hostname, port } = new URL(env['DLC_ENDPOINT'] ?? 'https://dlc.tencentcloudapi.com');
  if (!/^(localhost|127\.[\d.]+)$/.test(hostname)) {
    return { endpoint: hostname, protocol: 'https://' };
  }
  const agent = new http.Agent({ keepAlive: true });
  agent.createConnection = () =>
    net.connect({ host: hostname, port: Number(port || 80), noDelay: true });
  return { endpoint: 'dlc.tencentcloudapi.com', protocol: 'http://', agent };
}

export function readCredential({
  TENCENTCLOUD_SECRET_ID: secretId = '',
  TENCENTCLOUD_SECRET_KEY: secretKey = '',
  TENCENTCLOUD_SESSION_TOKEN: token,
}: Env): Credential {
  return { secretId, secretKey, ...(token && { token }) };
}

interface Client {
  CancelTask(input: { TaskId: string }): Promise<{ RequestId?: string }>;
}

/** Cancels by the SDK: a client for each region, made once, as its README makes the one. */
export function cancelBySdk(
  env: Env,
  { regions }: Settings,
  createClient: (config: ClientConfig) => Client,
): Cancel {
  const { endpoint, protocol, agent } = readUpstream(env);
  const httpProfile = { endpoint, protocol, reqTimeout: TIMEOUT_S, ...(agent && { agent }) };
  const clients = new Map(
    regions.map((region) => {
      const profile = { httpProfile };
      return [region, createClient({ credential: readCredential(env), region, profile })];
    }),
  );
  return async ({ taskId, region }) => {
    const client = clients.get(region);
    if (!client) throw new Error('a region without a client');
    try {
      const { RequestId = '' } = await client.CancelTask({ TaskId: taskId });
      return RequestId;
    } catch (error) {
      throw toRefusal(Object(error));
    }
  };
}
