import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import type { Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';

import type { DlcEndpoint } from './endpoint.ts';

/**
 * Longest that an idle connection is kept. After the process was frozen, an older one may be dead
 * without a trace, and a request on it would hang.
 */
const MAX_IDLE_MS = 4000;

const OPTIONS = {
  keepAlive: true,
  noDelay: true,
  timeout: MAX_IDLE_MS,
  scheduling: 'lifo',
} as const;

/** The connections to DLC, shared by all calls of the process: they and their TLS sessions are reused. */
export interface Connections {
  readonly agent: http.Agent;
  /** Closes the idle connections that the other side has closed, or may have. To be called before a request. */
  dropDead(): Promise<void>;
}

export function createConnections(endpoint: DlcEndpoint): Connections {
  const isSecure = endpoint.protocol === 'https:';
  const agent = isSecure ? new https.Agent(OPTIONS) : new http.Agent(OPTIONS);
  const connect = agent.createConnection.bind(agent);
  /** Connections that were there when their request must not leave any more. */
  const spares: Socket[] = [];
  const idleSince = new WeakMap<Socket, number>();
  agent.on('free', (socket: Socket) => idleSince.set(socket, Date.now()));
  // The agent gets a connection that can be written to, since a slot may expire until it is there.
  agent.createConnection = (given, done) => {
    const spare = spares.pop()?.off('timeout', destroy);
    if (spare) return spare;
    const { observer } = given;
    const signal = observer?.call.signal;
    const socket = connect({ ...given, ...endpoint.connectTo, path: undefined });
    if (!(socket instanceof net.Socket)) throw new Error('Node made no socket');
    const abort = (): unknown => socket.destroy(new Error('aborted'));
    const settle = (error: Error | null): void => {
      signal?.removeEventListener('abort', abort);
      done?.(error, socket);
    };
    signal?.addEventListener('abort', abort);
    socket.once('error', settle);
    socket.once(isSecure ? 'secureConnect' : 'connect', () => {
      socket.off('error', settle);
      const refusal = observer?.refusal() ?? null;
      if (refusal) {
        idleSince.set(socket, Date.now());
        spares.push(socket.on('timeout', destroy).on('error', () => undefined));
      }
      settle(refusal);
    });
    return undefined;
  };
  // By the wall clock: the steady one may stop while the process is frozen, and a jump of the wall
  // clock costs a new connection, nothing else.
  const isDead = (socket: Socket): boolean =>
    !socket.readable ||
    !socket.writable ||
    Math.abs(Date.now() - (idleSince.get(socket) ?? 0)) >= MAX_IDLE_MS;
  return {
    agent,
    async dropDead() {
      // If the process was frozen, one iteration of the event loop shows which connections were closed
      // meanwhile. Timers did not run, so the age is checked too. The agent itself passes over dead
      // connections at the front of the pool only.
      await setImmediate();
      for (const pool of [spares, ...Object.values(agent.freeSockets)]) {
        for (const socket of pool?.filter(isDead) ?? []) {
          pool?.splice(pool.indexOf(socket), 1);
          socket.destroy();
        }
      }
    },
  };
}

function destroy(this: Socket): void {
  this.destroy();
}

/** What Node's own agents have and its ClientRequest uses, though the types leave it out. */
declare module 'node:http' {
  interface Agent {
    protocol: string;
    defaultPort: number;
    addRequest(request: http.ClientRequest, options: object): void;
  }
  /** The agent passes on what comes with a request. */
  interface ClientRequestArgs {
    readonly observer?: ObservedAgent;
  }
}

/** Responses of DLC are a few hundred bytes; a task's with a long SQL text, some kilobytes. */
export const MAX_RESPONSE_BYTES = 1024 * 1024;

/** A call, as far as its connection is concerned. */
interface Call {
  /** Ends the call, and its connection as long as it is being made. */
  readonly signal: AbortSignal;
  /** Asked just before the request is written: whether its slot has not expired. */
  readonly isValid?: (() => boolean) | undefined;
  /** Called when the connection is there: from now on something may have been sent. */
  readonly onSend?: () => void;
}

/**
 * An agent for one call: hands its one request to the shared agent. A second request is a redirect,
 * which would take the session token to another host: it is refused.
 *
 * It notes what the wire saw of the call. The SDK reduces every transport error to a sentence; whether
 * a cancellation may have happened depends on what is lost there.
 */
export class ObservedAgent extends http.Agent {
  readonly call: Call;
  /** A socket was connected (and its TLS set up), so the request may have been written. */
  isConnected = false;
  /** Status of the first response's head, once it has come. */
  status: number | undefined;
  /** Bytes of the response's body so far. */
  bytes = 0;
  /** Node's code of the connection's error, such as `ECONNREFUSED`. */
  errorCode: string | undefined;
  /** Nothing was sent: the slot had expired. */
  isExpired = false;
  request: http.ClientRequest | undefined;
  response: http.IncomingMessage | undefined;
  readonly #shared: http.Agent;

  constructor({ agent }: Connections, call: Call) {
    super({ keepAlive: true });
    this.#shared = agent;
    this.call = call;
    // What Node's ClientRequest reads of its agent to know whether the two fit together.
    const { protocol, defaultPort } = agent;
    Object.assign(this, { protocol, defaultPort });
  }

  override addRequest(request: http.ClientRequest, options: object): void {
    const refusal = this.request ? new Error('redirect refused') : this.refusal();
    if (refusal) {
      // Destroying a request that has no socket yet would emit no error.
      process.nextTick(() => request.emit('error', refusal));
      return;
    }
    this.#observe(request);
    this.#shared.addRequest(request, { ...options, observer: this });
  }

  /** Why the request must not leave any more; `undefined` if it may. */
  refusal(): Error | undefined {
    const { signal, isValid = () => true } = this.call;
    if (signal.aborted) return new Error('aborted');
    if (isValid()) return undefined;
    this.isExpired = true;
    return new Error('slot expired');
  }

  #observe(request: http.ClientRequest): void {
    this.request = request;
    request.once('error', (error: NodeJS.ErrnoException) => (this.errorCode ??= error.code));
    request.once('socket', () => {
      this.isConnected = true;
      this.call.onSend?.();
    });
    request.once('response', (response) => {
      this.status = response.statusCode ?? 0;
      this.response = response;
      response.on('data', (chunk: Buffer) => {
        this.bytes += chunk.length;
        if (this.bytes > MAX_RESPONSE_BYTES) request.destroy(new Error('response too large'));
      });
    });
  }
}
