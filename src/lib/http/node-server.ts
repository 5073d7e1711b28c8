import http from 'node:http';
import net from 'node:net';
import type { Duplex } from 'node:stream';

import { Problem, type ProblemCode } from '../problems.ts';
import { refusedRequest, type HttpRequest, type HttpResponse } from './message.ts';
import { fromNode, writeToNode } from './node.ts';
import { writeRaw } from './raw-answer.ts';
import { createUnderWay } from './under-way.ts';

interface Serves {
  serve(request: HttpRequest): Promise<HttpResponse>;
}

/** How long a connection may take over its parts, so that slow callers starve nobody (docs/server.md). */
const TIMEOUTS = {
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 1000,
  /** Of silence on a connection that is not idle: above all, an answer that is not taken. */
  stallMs: 30_000,
  /** How long a caller that still sends when its answer is out is listened to. */
  lingerMs: 1000,
};

/** An idle connection holds 8 KB; beyond this many, idle ones are closed, and until then new ones dropped. */
const MAX_CONNECTIONS = 15_000;

/** Of a server that stops: how long idle connections stay, on which a request may be on its way. */
const GRACE_MS = 1000;

/** @param timeouts in milliseconds, where they are not to be the defaults */
export function createHttpServer(
  gateway: Serves,
  timeouts: Partial<typeof TIMEOUTS> = {},
): http.Server {
  const { lingerMs, stallMs, ...limits } = { ...TIMEOUTS, ...timeouts };
  // A missing Host is answered with a problem of our own (node.ts).
  const server = http.createServer({ ...limits, requireHostHeader: false });
  // Node would drop what comes after 2000 fields, unseen; their size is limited all the same.
  server.maxHeadersCount = 0;
  server.timeout = stallMs;
  server.maxConnections = MAX_CONNECTIONS;
  server.on('drop', () => server.closeIdleConnections());
  const underWay = createUnderWay();

  const answer = async (message: http.IncomingMessage, target: http.ServerResponse) => {
    const request = fromNode(underWay.add(message, target));
    const response = await gateway.serve(
      server.listening ? request : { refusal: new Problem('overloaded', STOPPING), ...request },
    );
    // A connection that was closed earlier would take the answers to what was pipelined with it.
    const closes = !server.listening && underWay.isLast(message);
    await writeToNode(message, target, response, { closes, lingerMs });
  };
  const serve = (message: http.IncomingMessage, target: http.ServerResponse): void => {
    answer(message, target).catch(() => target.destroy());
  };
  /** Answers what has no response object, once everything before it on the connection is answered. */
  const answerRaw = async (socket: Duplex, request: HttpRequest): Promise<void> => {
    const [response] = await Promise.all([gateway.serve(request), underWay.settled(socket)]);
    writeRaw(socket, response, lingerMs);
  };

  server.on('request', serve);
  server.on('checkContinue', serve);
  // An expectation that Node does not know would get a 417 without a body.
  server.on('checkExpectation', serve);
  server.on('connect', (message, socket) => {
    // Node has taken its own listener off: without one, a caller that goes away ends the process.
    socket.on('error', () => socket.destroy());
    const signal = new AbortController().signal;
    const arrival = { message, gone: signal, broken: () => signal, inviteBody: () => undefined };
    void answerRaw(socket, fromNode(arrival));
  });
  const refused = new WeakSet<Duplex>();
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (error.code === 'ECONNRESET') socket.destroy();
    // Whatever else comes on a connection that is not understood leads here again.
    if (refused.has(socket) || socket.destroyed) return;
    refused.add(socket);
    const problem = new Problem(codeFor(error.code));
    if (!underWay.breakOff(socket, problem)) void answerRaw(socket, refusedRequest(problem));
  });
  return server;
}

const STOPPING = {
  detail: 'This instance is stopping: send the request again.',
  reason: 'stopping',
};

/**
 * Stops listening, and waits for what is under way, whose connections are closed with the answer. What
 * still comes on open connections is refused with a 503; what takes longer than `ms` is cut off.
 */
export async function drain(server: http.Server, ms: number): Promise<void> {
  if (!server.listening) return;
  const closed = new Promise((resolve) => server.once('close', resolve));
  // Not http's own `close`, which cuts idle connections although a request may just be arriving on
  // them, and no longer looks after slow ones.
  net.Server.prototype.close.call(server);
  server.headersTimeout = GRACE_MS;
  // Immediates come after what has arrived was read.
  const closeIdle = (): void => void setImmediate(() => server.closeIdleConnections());
  const idle = setTimeout(closeIdle, Math.min(GRACE_MS, ms));
  const rest = setTimeout(() => server.closeAllConnections(), ms);
  await closed;
  clearTimeout(idle);
  clearTimeout(rest);
}

function codeFor(code: string | undefined): ProblemCode {
  if (code === 'HPE_HEADER_OVERFLOW') return 'request-header-fields-too-large';
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 'request-timeout';
  return 'invalid-request';
}
