// The SDK's bare client, imported deep: the package's root loads every product of the cloud, and
// DLC's own client adds a method per action and nothing that is used here (docs/decisions/0003).
import { CommonClient } from 'tencentcloud-sdk-nodejs/tencentcloud/common/common_client.js';

import { readCredentials } from './credentials.ts';
import type { DlcEndpoint } from './endpoint.ts';
import { classify, invalidResponse, printable, type Failure } from './failure.ts';
import { createSharedAgent, ObservedAgent } from './observed-agent.ts';

const API_VERSION = '2021-01-25';

export interface CallOptions {
  readonly region: string;
  /** Bounds this one attempt, from waiting for a connection to the last byte of the answer. */
  readonly signal: AbortSignal;
  /** Sent as `X-TC-TraceId`; the SDK makes one up where there is none. */
  readonly traceId?: string;
}

export type Reply =
  | { readonly outcome: 'answered'; readonly requestId: string; readonly response: object }
  | Failure;

export interface DlcClient {
  /** One attempt at one action. Never throws for what goes wrong: that is in the reply. */
  call(action: 'CancelTask' | 'DescribeTasks', input: object, options: CallOptions): Promise<Reply>;
}

export function createDlcClient(
  endpoint: DlcEndpoint,
  env: Readonly<Record<string, string | undefined>>,
): DlcClient {
  const shared = createSharedAgent(endpoint);
  return {
    async call(action, input, { region, signal, traceId }) {
      const credential = readCredentials(env);
      // The SDK would sign with `null`.
      if (!credential) return NO_CREDENTIALS;
      const agent = new ObservedAgent(shared);
      const client = new CommonClient(endpoint.name, API_VERSION, {
        credential,
        region,
        // Options are left out rather than set to undefined, which would overwrite the SDK's defaults.
        profile: { httpProfile: { protocol: `${endpoint.protocol}//`, agent } },
      });
      const headers = traceId === undefined ? {} : { 'X-TC-TraceId': traceId };
      try {
        return validated(await client.request(action, input, { signal, headers }));
      } catch (error) {
        return classify(error, agent.observation, signal.aborted);
      } finally {
        // The SDK leaves the body of an answer that it does not like unread: free the connection.
        const { request, response } = agent.observation;
        if (!response?.complete) request?.destroy();
      }
    },
  };
}

const NO_CREDENTIALS: Failure = {
  outcome: 'did-not-happen',
  code: 'gateway-misconfigured',
  again: false,
  reason: 'the environment has no cloud credentials',
};

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
