import http from 'node:http';

import { pendingEvent, type Connections } from './shared-agent.ts';

/** What Node's own agents have and its ClientRequest uses, though the types leave it out. */
declare module 'node:http' {
  interface Agent {
    protocol: string;
    defaultPort: number;
    addRequest(request: http.ClientRequest, options: object): void;
  }
}

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
  /** The request was not let go: its turn is past. */
  isTooLate?: true;
  request?: http.ClientRequest;
  response?: http.IncomingMessage;
}

/** Responses of DLC are a few hundred bytes; a task's with a long SQL text, some kilobytes. */
export const MAX_RESPONSE_BYTES = 1024 * 1024;

/**
 * An agent for one call: hands its one request to the shared agent and observes it. A second request
 * is a redirect, which would take the session token to another host: it is refused.
 */
export class ObservedAgent extends http.Agent {
  readonly observation: Observation = { connected: false, bytes: 0 };
  readonly #shared: Connections;
  readonly #mayLeave: () => boolean;

  constructor(shared: Connections, mayLeave: () => boolean = () => true) {
    super({ keepAlive: true });
    this.#shared = shared;
    this.#mayLeave = mayLeave;
    const { protocol, defaultPort } = shared.agent;
    // What Node's ClientRequest reads of its agent to know whether the two fit together.
    Object.assign(this, { protocol, defaultPort });
  }

  override addRequest(request: http.ClientRequest, options: object): void {
    if (this.observation.request) {
      // Destroying a request that has no socket yet would tell nobody.
      process.nextTick(() => request.emit('error', new Error('redirect refused')));
      return;
    }
    if (!this.#mayLeave()) {
      this.observation.isTooLate = true;
      process.nextTick(() => request.emit('error', new Error('too late')));
      return;
    }
    this.#observe(request);
    this.#shared.dropDead();
    this.#shared.agent.addRequest(request, options);
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
