// The SDK's bare client, imported deep: the package's root loads every product of the cloud, and
// DLC's own client adds a method per action and nothing that is used here (docs/decisions/0003).
import { CommonClient } from 'tencentcloud-sdk-nodejs/tencentcloud/common/common_client.js';

import type { Clock } from '../clock.ts';
import type { Environment } from '../config/secret-reference.ts';
import { printable } from '../http/message.ts';
import type { Log } from '../observability/log.ts';
import { createConnections, ObservedAgent } from './connections.ts';
import type { DlcEndpoint } from './endpoint.ts';
import { classify, EXPIRED, invalidResponse, notSent, type Failure } from './failure.ts';

const API_VERSION = '2021-01-25';

export type Action = 'CancelTask' | 'DescribeTasks';

/** What was done upstream for one request, counted while it is done. */
export interface UpstreamStats {
  /** At CancelTask, as far as something may have been sent. */
  attempts: number;
  /** Milliseconds spent in calls to DLC; absent: there was none. */
  upstreamMs?: number;
  /** Milliseconds spent waiting for slots. */
  waitMs: number;
  /** Set if a call was made, or is to be made, by the cloud credentials that came with the request. */
  credentials?: 'request' | undefined;
  /** The task's engine, if a lookup has shown the task. */
  engine?: string | undefined;
}

/** The request that a call is made for. */
export interface Caller {
  readonly requestId: string;
  /** Sent as `X-TC-TraceId`. */
  readonly traceId: string;
  readonly stats: UpstreamStats;
  /** Came with the request (`CLOUD_CREDENTIALS`): for calls of this request alone. */
  readonly credentials?: CloudCredentials | undefined;
}

export interface CallOptions {
  readonly region: string;
  readonly caller: Caller;
  /** Bounds this one attempt, from waiting for a connection to the last byte of the response. */
  readonly signal: AbortSignal;
  /** Asked just before the request is written: whether its slot has not expired. */
  readonly isValid?: () => boolean;
}

export type Reply =
  | { readonly outcome: 'answered'; readonly upstreamRequestId: string; readonly response: object }
  | Failure;

export interface DlcClient {
  /** One attempt at one action. Never throws for what goes wrong: that is in the reply. */
  call(action: Action, input: object, options: CallOptions): Promise<Reply>;
  /**
   * Notes in the caller's stats whose cloud credentials its next call would use.
   *
   * @returns whether there are any now; a platform may bring them later
   */
  chooseCredentials(caller: Pick<Caller, 'stats' | 'credentials'>): boolean;
}

/** A client that counts its calls in the caller's stats, and logs each at `debug`. */
export function createDlcClient(
  endpoint: DlcEndpoint,
  deps: { env: Environment; log: Pick<Log, 'write'>; clock: Pick<Clock, 'steadyMs'> },
): DlcClient {
  const { env, log, clock } = deps;
  const send = createSender(endpoint);
  /** Id of the environment's credentials that DLC has refused; the platform may bring others. */
  let refusedId: string | undefined;
  const choose = ({ credentials, stats }: Pick<Caller, 'stats' | 'credentials'>) => {
    const own = readCredentials(env);
    if (!credentials || (own && own.secretId !== refusedId)) return own;
    stats.credentials = 'request';
    return credentials;
  };
  return {
    chooseCredentials: (caller) => choose(caller) !== undefined,
    async call(action, input, options) {
      const { requestId, traceId, stats, credentials } = options.caller;
      const startedAt = clock.steadyMs();
      let attempt: number | undefined;
      const onSend = (): void => {
        if (action === 'CancelTask') attempt = stats.attempts += 1;
      };
      const credential = choose(options.caller);
      let reply = await send({ action, input, credential, onSend, ...options });
      if (credential && credential !== credentials && areRefused(reply)) {
        refusedId = credential.secretId;
        if (credentials) reply = { ...reply, again: true };
      }
      const ms = clock.steadyMs() - startedAt;
      stats.upstreamMs = (stats.upstreamMs ?? 0) + ms;
      if (reply === EXPIRED) return reply;
      const why = reply.outcome === 'answered' ? {} : { code: reply.code, reason: reply.reason };
      const fields = { requestId, traceId, action, attempt, outcome: reply.outcome, ...why };
      log.write('debug', 'call', { ...fields, ms: Math.round(ms) });
      return reply;
    },
  };
}

/** Says nothing about the credentials: a wrong clock, or a permission that their owner lacks. */
const OTHER_FAILURES = new Set([
  'AuthFailure.SignatureExpire',
  'AuthFailure.UnauthorizedOperation',
]);

/** Whether DLC does not take the credentials. */
function areRefused(reply: Reply): reply is Failure {
  const code = 'code' in reply ? (reply.upstreamCode ?? '') : '';
  return code.startsWith('AuthFailure') && !OTHER_FAILURES.has(code);
}

interface Call extends CallOptions {
  readonly action: Action;
  readonly input: object;
  readonly credential: CloudCredentials | undefined;
  /** From now on something may have been sent. */
  readonly onSend: () => void;
}

function createSender(endpoint: DlcEndpoint): (call: Call) => Promise<Reply> {
  const connections = createConnections(endpoint);
  return async (call) => {
    const { action, input, credential, region, caller, signal } = call;
    // The SDK would sign with `null`.
    if (!credential) return misconfigured('the environment has no cloud credentials');
    if (!isSendable(credential)) return misconfigured('the cloud credentials are not printable');
    await connections.dropDead();
    const agent = new ObservedAgent(connections, call);
    const client = new CommonClient(endpoint.name, API_VERSION, {
      credential,
      region,
      // Options are left out rather than set to undefined, which would overwrite the SDK's defaults.
      // `reqTimeout: 0`: none of the SDK's own timers, which go on after an abort; `signal` bounds all.
      profile: { httpProfile: { protocol: `${endpoint.protocol}//`, agent, reqTimeout: 0 } },
    });
    const headers = { 'Accept-Encoding': 'identity', 'X-TC-TraceId': caller.traceId };
    try {
      return validated(await client.request(action, input, { signal, headers }));
    } catch (error) {
      return classify(error, agent);
    } finally {
      // The SDK leaves the body of a response that it does not like unread: free the connection.
      if (!agent.response?.readableEnded) agent.request?.destroy();
    }
  };
}

const misconfigured = (reason: string): Failure => notSent('gateway-misconfigured', reason);

/** The id and the token go into header fields, and the error of a field that is not fit for one quotes it. */
function isSendable({ secretId, token = '' }: CloudCredentials): boolean {
  return /^[\x21-\x7e]*$/.test(secretId + token);
}

/** The SDK resolves to anything under `Response`, a text or a stream too. */
function validated(response: unknown): Reply {
  if (typeof response !== 'object' || response === null || 'Error' in response) {
    return invalidResponse('the response is not a Response object');
  }
  const requestId: unknown = 'RequestId' in response ? response.RequestId : undefined;
  if (typeof requestId !== 'string' || requestId === '') {
    return invalidResponse('the response has no RequestId');
  }
  return { outcome: 'answered', upstreamRequestId: printable(requestId), response };
}

export interface CloudCredentials {
  readonly secretId: string;
  readonly secretKey: string;
  readonly token?: string;
}

/** SCF sets the first spelling for a function with a role, the SDK's own provider reads the second. */
export const SPELLINGS = [
  ['TENCENTCLOUD_SECRETID', 'TENCENTCLOUD_SECRETKEY', 'TENCENTCLOUD_SESSIONTOKEN'],
  ['TENCENTCLOUD_SECRET_ID', 'TENCENTCLOUD_SECRET_KEY', 'TENCENTCLOUD_SESSION_TOKEN'],
] as const;

/**
 * The gateway's own credentials for the cloud, from the first spelling that has both id and key;
 * a session token only from the same spelling. To be read at every call: a platform rotates them.
 */
export function readCredentials(env: Environment): CloudCredentials | undefined {
  for (const [idName, keyName, tokenName] of SPELLINGS) {
    const secretId = env[idName];
    const secretKey = env[keyName];
    const token = env[tokenName];
    if (secretId && secretKey) return { secretId, secretKey, ...(token && { token }) };
  }
  return undefined;
}
