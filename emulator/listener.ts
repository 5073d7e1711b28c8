import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';

/** How long idle connections stay open, so that a control API client can use its own while the port refuses. */
const keepAliveMs = 65_000;

/**
 * A port that can stop listening and start again. While it is closed, the system refuses new connections
 * (ECONNREFUSED).
 *
 * The HTTP server does not listen itself: it is given the connections, so that open ones stay open while
 * the port is closed. `http.Server.close()` would close the control API's connections too.
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
   * @param isKept whether a request's connection stays open while the port is closed (the control API's do)
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

  /** The port; 0 until `open` has chosen one. */
  get port(): number {
    return this.#port;
  }

  get isOpen(): boolean {
    return this.#server !== undefined;
  }

  /**
   * Listens, at the same port as before.
   *
   * @throws the system's error, such as EADDRINUSE
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
   * Refuses new connections from now on. Closes idle connections now, those with a request in flight
   * after its response, and kept ones not at all.
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
