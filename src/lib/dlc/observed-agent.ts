import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import tls from 'node:tls';
import type { Socket } from 'node:net';

/** What Node's own agents have and its ClientRequest uses, though the types leave it out. */
declare module 'node:http' {
  interface Agent {
    protocol: string;
    defaultPort: number;
    addRequest(request: http.ClientRequest, options: object): void;
  }
}

import type { DlcEndpoint } from './endpoint.ts';

/**
 * One call as the wire saw it. The SDK reduces every transport error to a sentence; whether a
 * cancellation may have happened depends on what is lost there, so it is observed here.
 */
export interface Observation {
  /** A socket was connected (and its TLS set up), so the request may have been written. */
  connected: boolean;
  /** Status of the first response's head, once it has come. */
  status?: number;
  /** Bytes of the response's body so far. */
  bytes: number;
  /** Node's code of the connection's error, such as `ECONNREFUSED`. */
  errorCode?: string;
  request?: http.ClientRequest;
  response?: http.IncomingMessage;
}

/** Responses of DLC are a few hundred bytes; a task's with a long SQL text, some kilobytes. */
export const MAX_RESPONSE_BYTES = 1024 * 1024;

/**
 * Longest that an idle connection is kept. After a freeze of the process an older one may be dead
 * without a trace, and a request on it would hang.
 */
const MAX_IDLE_MS = 4000;

/** The agent that is shared by all calls of the process: connections and TLS sessions are reused. */
export function createSharedAgent(endpoint: DlcEndpoint): http.Agent {
  const options = { keepAlive: true, timeout: MAX_IDLE_MS, scheduling: 'lifo' as const };
  const agent = endpoint.protocol === 'https:' ? new https.Agent(options) : new http.Agent(options);
  agent.on('free', (socket: Socket) => idleSince.set(socket, Date.now()));
  const { connectTo } = endpoint;
  if (connectTo && endpoint.protocol === 'http:') {
    agent.createConnection = () => net.connect(connectTo);
  } else if (connectTo) {
    agent.createConnection = (given) => tls.connect({ ...given, ...connectTo, path: undefined });
  }
  return agent;
}

/**
 * An agent for one call: hands its one request to the shared agent and observes it. A second request
 * is a redirect, which would take the session token to another host: it is refused.
 */
export class ObservedAgent extends http.Agent {
  readonly observation: Observation = { connected: false, bytes: 0 };
  readonly #shared: http.Agent;

  constructor(shared: http.Agent) {
    super({ keepAlive: true });
    this.#shared = shared;
    const { protocol, defaultPort } = shared;
    // What Node's ClientRequest reads of its agent to know whether the two fit together.
    Object.assign(this, { protocol, defaultPort });
  }

  override addRequest(request: http.ClientRequest, options: object): void {
    if (this.observation.request) {
      process.nextTick(() => request.destroy(new Error('redirect refused')));
      return;
    }
    this.#observe(request);
    dropStaleSockets(this.#shared);
    this.#shared.addRequest(request, options);
  }

  #observe(request: http.ClientRequest): void {
    const seen = this.observation;
    seen.request = request;
    request.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== undefined) seen.errorCode ??= error.code;
    });
    request.once('socket', (socket) => {
      const ready = socket instanceof tls.TLSSocket ? 'secureConnect' : 'connect';
      if (request.reusedSocket) seen.connected = true;
      else socket.once(ready, () => (seen.connected = true));
    });
    request.once('response', (response) => {
      seen.status = response.statusCode ?? 0;
      seen.response = response;
      response.on('data', (chunk: Buffer) => {
        seen.bytes += chunk.length;
        if (seen.bytes > MAX_RESPONSE_BYTES) request.destroy(new Error('response too large'));
      });
    });
  }
}

const idleSince = new WeakMap<Socket, number>();

/** Timers do not run in a frozen process, so the age of idle sockets is looked at again before use. */
function dropStaleSockets(agent: http.Agent): void {
  const now = Date.now();
  for (const socket of Object.values(agent.freeSockets).flatMap((sockets) => sockets ?? [])) {
    if (now - (idleSince.get(socket) ?? now) >= MAX_IDLE_MS) socket.destroy();
  }
}
