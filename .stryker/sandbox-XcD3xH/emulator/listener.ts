import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';

/** Idle connections stay this long: a client of the control API can still speak while the port refuses. */
const keepAliveMs = 65_000;

/**
 * A port that can stop listening and start again, for real: while it is closed, a new connection is
 * refused by the system (ECONNREFUSED).
 *
 * The HTTP server never listens itself. It is handed the connections, so that those which are open go
 * on while the port is closed; `http.Server.close()` would take the control API's connections along.
 */
export class Listener {
  readonly #host: string;
  readonly #http;
  readonly #sockets = new Set<Socket>();
  readonly #busy = new Set<Socket>();
  readonly #kept: (request: IncomingMessage) => boolean;
  readonly #keptSockets = new WeakSet<Socket>();
  #port: number;
  #server: Server | undefined;
  #isClosed = false;

  /**
   * @param isKept whether a request's connection outlives the port's closing (the control API's do)
   */
  constructor(
    address: { host: string; port: number },
    serve: RequestListener,
    isKept: (request: IncomingMessage) => boolean,
  ) {
    this.#host = address.host;
    this.#port = address.port;
    this.#kept = isKept;
    this.#http = createHttpServer({ keepAliveTimeout: keepAliveMs }, (request, response) => {
      this.#follow(request, response);
      serve(request, response);
    });
  }

  /** The port, once it was open. */
  get port(): number {
    return this.#port;
  }

  get isOpen(): boolean {
    return this.#server !== undefined;
  }

  /**
   * Listens, at the same port as before.
   *
   * @throws what the system says, EADDRINUSE among it
   */
  async open(): Promise<void> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      this.#http.emit('connection', socket);
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, this.#host, resolve);
    });
    if (this.#isClosed) return void server.close();
    this.#server = server;
    const address = server.address();
    if (typeof address === 'object' && address !== null) this.#port = address.port;
  }

  /**
   * Refuses new connections from now on, and closes the open ones: idle ones now, those with a request
   * in flight once it is answered, kept ones not at all.
   */
  refuse(): void {
    this.#server?.close();
    this.#server = undefined;
    for (const socket of this.#sockets) {
      if (!this.#busy.has(socket) && !this.#keptSockets.has(socket)) socket.destroy();
    }
  }

  /** Closes everything, requests in flight included, for good. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const server = this.#server;
    const closed = server && once(server, 'close');
    this.refuse();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #follow(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    if (this.#kept(request)) this.#keptSockets.add(socket);
    this.#busy.add(socket);
    response.on('close', () => {
      this.#busy.delete(socket);
      if (!this.isOpen && !this.#keptSockets.has(socket)) socket.destroySoon();
    });
  }
}
