import { setImmediate } from 'node:timers/promises';

// The SDK's bare client, imported deep: the package's root loads every product of the cloud, and
// DLC's own client adds a method per action and nothing that is used here (docs/decisions/0003).
import { CommonClient } from 'tencentcloud-sdk-nodejs/tencentcloud/common/common_client.js';

import { readCredentials, type CloudCredentials } from './credentials.ts';
import type { DlcEndpoint } from './endpoint.ts';
import { classify, invalidResponse, misconfigured, printable, type Failure } from './failure.ts';
import { ObservedAgent } from './observed-agent.ts';
import { createConnections } from './shared-agent.ts';

const API_VERSION = '2021-01-25';

export interface CallOptions {
  readonly region: string;
  /** Bounds this one attempt, from waiting for a connection to the last byte of the answer. */
  readonly signal: AbortSignal;
  /** Sent as `X-TC-TraceId`; the SDK makes one up where there is none. */
  readonly traceId?: string;
  /** Asked just before the request is written; where it says no, that does not happen. */
  readonly mayLeave?: () => boolean;
}

export type Reply =
  | { readonly outcome: 'answered'; readonly requestId: string; readonly response: object }
  | Failure;

export interface DlcClient {
  /** One attempt at one action. Never throws for what goes wrong: that is in the reply. */
  call(action: 'CancelTask' | 'DescribeTasks', input: object, options: CallOptions): Promise<Reply>;
  /**
   * Sees to it that the next call finds a connection that is set up. Resolves when there is one, when
   * there can be none (the call will find out why), and when the signal is aborted.
   */
  connect(signal: AbortSignal): Promise<void>;
}

export function createDlcClient(
  endpoint: DlcEndpoint,
  env: Readonly<Record<string, string | undefined>>,
): DlcClient {
  const shared = createConnections(endpoint);
  return {
    connect: (signal) => shared.ready(signal),
    async call(action, input, { region, signal, traceId, mayLeave }) {
      const credential = readCredentials(env);
      // The SDK would sign with `null`.
      if (!credential) return misconfigured('the environment has no cloud credentials');
      if (!isSendable(credential)) return misconfigured('the cloud credentials are not printable');
      // What a freeze has hidden, such as connections that were closed meanwhile, comes to light in
      // one turn of the event loop.
      if (shared.mayBeDead()) await setImmediate();
      const agent = new ObservedAgent(shared, mayLeave);
      const client = new CommonClient(endpoint.name, API_VERSION, {
        credential,
        region,
        // Options are left out rather than set to undefined, which would overwrite the SDK's defaults.
        // `reqTimeout: 0`: none of the SDK's own timers, which go on after an abort; `signal` bounds all.
        profile: { httpProfile: { protocol: `${endpoint.protocol}//`, agent, reqTimeout: 0 } },
      });
      const headers = {
        'Accept-Encoding': 'identity',
        ...(traceId !== undefined && { 'X-TC-TraceId': traceId }),
      };
      try {
        return validated(await client.request(action, input, { signal, headers }));
      } catch (error) {
        return classify(error, agent.observation, signal);
      } finally {
        // The SDK leaves the body of an answer that it does not like unread: free the connection.
        const { request, response } = agent.observation;
        if (!response?.readableEnded) request?.destroy();
      }
    },
  };
}

/** The id and the token go into header fields, and the error of a field that is not fit for one quotes it. */
function isSendable({ secretId, token = '' }: CloudCredentials): boolean {
  return /^[\x21-\x7e]*$/.test(secretId + token);
}

/** The SDK resolves whatever stands under `Response`, a text or a stream too. */
function validated(response: unknown): Reply {
  if (typeof response !== 'object' || response === null || 'Error' in response) {
    return invalidResponse('the answer is not a Response object');
  }
  const requestId: unknown = 'RequestId' in response ? response.RequestId : undefined;
  if (typeof requestId !== 'string' || requestId === '') {
    return invalidResponse('the answer has no RequestId');
  }
  return { outcome: 'answered', requestId: printable(requestId), response };
}
