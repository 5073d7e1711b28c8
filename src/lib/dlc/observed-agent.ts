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
      // Destroying a request that has no socket yet would tell nobody.
      process.nextTick(() => request.emit('error', new Error('redirect refused')));
      return;
    }
    this.#observe(request);
    dropDeadSockets(this.#shared);
    this.#shared.addRequest(request, options);
  }

  #observe(request: http.ClientRequest): void {
    const seen = this.observation;
    seen.request = request;
    request.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== undefined) seen.errorCode ??= error.code;
    });
    request.once('socket', (socket) => {
      const event = pendingEvent(socket);
      if (event === undefined) seen.connected = true;
      else socket.once(event, () => (seen.connected = true));
    });
    request.once('response', (response) => {
      seen.status = response.statusCode ?? 0;
      seen.response = response;
      // The SDK would inflate a compressed body, without a limit, and hand out a stream of events whose
      // errors nobody hears: whatever is not JSON as it stands is no answer.
      delete response.headers['content-encoding'];
      delete response.headers['content-type'];
      response.on('data', (chunk: Buffer) => {
        seen.bytes += chunk.length;
        if (seen.bytes > MAX_RESPONSE_BYTES) request.destroy(new Error('response too large'));
      });
      response.once('close', () => {
        // The SDK's fetch does not notice the end of a body that is shorter than announced.
        if (!response.complete) request.emit('error', new Error('response cut short'));
      });
    });
  }
}

/** What a socket must still tell before anything can be written to it; nothing if it is ready. */
function pendingEvent(socket: Socket): 'connect' | 'secureConnect' | undefined {
  // A socket whose first request was given up at once waits among the idle ones, still connecting.
  if (socket instanceof tls.TLSSocket) {
    return 'secureConnecting' in socket && socket.secureConnecting ? 'secureConnect' : undefined;
  }
  return socket.connecting ? 'connect' : undefined;
}

const idleSince = new WeakMap<Socket, number>();

/**
 * Idle sockets that the other side has closed, or may have: timers do not run in a frozen process, so
 * their age is looked at again before use. Taken out of the agent's list, which skips dead ones only
 * at its beginning.
 */
function dropDeadSockets(agent: http.Agent): void {
  const now = Date.now();
  for (const sockets of Object.values(agent.freeSockets)) {
    const dead = sockets?.filter(
      (socket) =>
        !socket.readable || !socket.writable || now - (idleSince.get(socket) ?? now) >= MAX_IDLE_MS,
    );
    for (const socket of dead ?? []) {
      sockets?.splice(sockets.indexOf(socket), 1);
      socket.destroy();
    }
  }
}
