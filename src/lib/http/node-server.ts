import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import type { Duplex } from 'node:stream';

import { Problem, type ProblemCode } from '../problems.ts';
import {
  refusedRequest,
  toHeaderFields,
  type HeaderFields,
  type HttpRequest,
  type HttpResponse,
} from './message.ts';
import { fromNode, writeRaw, writeToNode } from './node.ts';
import { breakOff, createBodyReader, type Arrival } from './node-body.ts';
import { createRequestQueue } from './request-queue.ts';

interface Serves {
  serve(request: HttpRequest): Promise<HttpResponse>;
}

/** How long a connection may take over its parts, so that slow clients keep no other client out (docs/server.md). */
const LIMITS = {
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 1000,
  /** Of silence on a connection that is not idle: above all, a response that is not taken. */
  stallMs: 30_000,
  /** How long a client that still sends is listened to after its response. */
  lingerMs: 1000,
  /** From the moment in which a body is asked for until its end. */
  bodyMs: 2000,
  /** Requests that wait for their bodies at once: so many of authenticated callers, so many of others. */
  maxBodiesWaiting: 1000,
  /** What has arrived of these bodies: a stranger may send 256 KiB to the URL of a webhook sender. */
  maxBytesWaiting: 32 * 1024 * 1024,
};

/** An idle connection holds 8 KB; beyond this many, idle ones are closed, and until then new ones dropped. */
const MAX_CONNECTIONS = 15_000;

/** Once the server stops: how long idle connections stay, on which a request may be on its way. */
const GRACE_MS = 3000;

/**
 * @param limits those that differ from the defaults; times in milliseconds
 * @param usesCredentials whether cloud credentials that SCF puts into header fields are used
 */
export function createHttpServer(
  gateway: Serves,
  limits: Partial<typeof LIMITS> = {},
  usesCredentials = false,
): http.Server {
  const { lingerMs, stallMs, bodyMs, maxBodiesWaiting, maxBytesWaiting, ...times } = {
    ...LIMITS,
    ...limits,
  };
  // A missing Host gets a problem document (node.ts).
  const server = http.createServer({ ...times, requireHostHeader: false });
  // Node would drop all fields after the 2000th, unseen; their size is limited all the same.
  server.maxHeadersCount = 0;
  server.timeout = stallMs;
  server.maxConnections = MAX_CONNECTIONS;
  server.on('drop', () => server.closeIdleConnections());
  const queue = createRequestQueue();
  server.on('connection', () => queue.accepted());
  const readBody = createBodyReader(bodyMs, maxBodiesWaiting, maxBytesWaiting);
  /** The latest request of each connection: the only one whose body may still be arriving. */
  const latest = new WeakMap<Duplex, Arrival>();

  const respond = async (arrival: Arrival, target: http.ServerResponse): Promise<void> => {
    const request = fromNode(arrival, readBody, usesCredentials);
    const response = await gateway.serve(request);
    // If the connection was closed earlier, the responses to pipelined requests would be lost.
    const isStopped = !server.listening && queue.isLast(arrival.message.socket);
    const isLast = isStopped || request.refusal !== undefined;
    await writeToNode(arrival, target, response, { isLast, lingerMs });
  };
  const enqueue = (message: http.IncomingMessage, target: http.ServerResponse): void => {
    const { socket } = message;
    const { disconnected = onDisconnect(socket, latest) } = latest.get(socket) ?? {};
    const arrival = { message, target, disconnected };
    latest.set(socket, arrival);
    const closed = new Promise((resolve) => target.once('close', resolve));
    queue.add(socket, () => {
      respond(arrival, target).catch(() => target.destroy());
      return closed;
    });
  };
  const enqueueRaw = (socket: Duplex, request: HttpRequest): void =>
    queue.add(socket, async () => {
      try {
        writeRaw(socket, await gateway.serve(request), lingerMs);
      } catch {
        socket.destroy();
      }
    });

  // An expectation that Node does not know would get a 417 without a body.
  for (const event of ['request', 'checkContinue', 'checkExpectation']) server.on(event, enqueue);
  server.on('connect', (message, socket) => {
    // Node has removed its own listener: without one, a client that disconnects ends the process.
    socket.on('error', () => socket.destroy());
    enqueueRaw(socket, fromNode({ message }, readBody, usesCredentials));
  });
  const refused = new WeakSet<Duplex>();
  server.on('clientError', (error: ParserError, socket) => {
    if (error.code === 'ECONNRESET') socket.destroy();
    // All that follows on a connection that is not understood leads here again.
    if (refused.has(socket) || socket.destroyed) return;
    refused.add(socket);
    const problem = new Problem(CODES.get(error.code) ?? 'invalid-request');
    const arrival = latest.get(socket);
    if (arrival && !arrival.message.complete) return breakOff(arrival, problem);
    const headers = fieldsIn(error.rawPacket);
    enqueueRaw(socket, { ...refusedRequest(problem), headers });
  });
  return server;
}

/** Aborted if the connection closes before its latest response is out. One for all requests of a connection. */
function onDisconnect(socket: Duplex, latest: WeakMap<Duplex, Arrival>): AbortSignal {
  const disconnected = new AbortController();
  socket.once('close', () => {
    if (latest.get(socket)?.target?.writableFinished) return;
    disconnected.abort(new Error('the client has disconnected'));
  });
  return disconnected.signal;
}

/**
 * Stops listening. Requests that still come on open connections are served as before, and each response
 * closes its connection. Connections that stay idle are closed after a while; what takes longer than
 * `ms` is cut off.
 */
export async function drain(server: http.Server, ms: number): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  // Not http's own `close`: it cuts idle connections although a request may just be arriving on them,
  // and no longer looks after slow ones.
  net.Server.prototype.close.call(server);
  server.headersTimeout = GRACE_MS;
  // Immediates come after all that has arrived was read.
  const closeIdle = (): void => void setImmediate(() => server.closeIdleConnections());
  const idle = setTimeout(closeIdle, Math.min(GRACE_MS, ms));
  const rest = setTimeout(() => server.closeAllConnections(), ms);
  await closed;
  clearTimeout(idle);
  clearTimeout(rest);
}

/** What Node gives `clientError` listeners: with what it was reading. */
type ParserError = NodeJS.ErrnoException & { readonly rawPacket?: Buffer };

const CODES: ReadonlyMap<string | undefined, ProblemCode> = new Map([
  ['HPE_HEADER_OVERFLOW', 'request-header-fields-too-large'],
  ['ERR_HTTP_REQUEST_TIMEOUT', 'request-timeout'],
]);

/** The fields that a refusal depends on, for CORS and the request's id, in a request that Node gave up. */
function fieldsIn(packet: Buffer | undefined): HeaderFields {
  const [head = ''] = packet?.toString('latin1').split('\r\n\r\n', 1) ?? [];
  const found = head.matchAll(/^(origin|x-request-id):[ \t]*(.*?)[ \t]*\r?$/gim);
  return toHeaderFields(Array.from(found, ([, name = '', value = '']) => [name, value]));
}
