import http from 'node:http';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';

import { Problem, type ProblemCode } from '../problem.ts';
import { fromNode, writeToNode } from './node.ts';
import type { HttpRequest, HttpResponse } from './message.ts';
import { toProblemResponse } from './problem-response.ts';
import { requestIdFor } from './request-id.ts';
import { withAlwaysHeaders } from './security-headers.ts';

interface Serves {
  serve(arrived: HttpRequest | Problem): Promise<HttpResponse>;
}

/** How long a connection may take over its parts, so that slow callers starve nobody. */
const TIMEOUTS = {
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 1000,
} as const;

/** @param typePrefix what stands before `/problems/{code}` in a problem's `type` */
export function createHttpServer(gateway: Serves, typePrefix: string): http.Server {
  // Node answers a missing Host by itself, and not with a problem: it is looked at below.
  const server = http.createServer({ ...TIMEOUTS, requireHostHeader: false });
  const answer = async (message: http.IncomingMessage, target: http.ServerResponse) => {
    const lacksHost = message.httpVersion === '1.1' && message.headers.host === undefined;
    const arrived = lacksHost
      ? new Problem('invalid-request', { detail: 'The Host header field is missing.' })
      : fromNode(message, goneSignal(target));
    await writeToNode(message, target, await gateway.serve(arrived));
  };
  const listener = (message: http.IncomingMessage, target: http.ServerResponse): void => {
    answer(message, target).catch(() => target.destroy());
  };
  server.on('request', listener);
  // An expectation that Node does not know would get a 417 without a body.
  server.on('checkExpectation', listener);
  server.on('connect', (_, socket) => writeRaw(socket, 'route-not-found', typePrefix));
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable) socket.destroy();
    else writeRaw(socket, problemOf(error.code), typePrefix);
  });
  return server;
}

/** Aborted when the connection closes before the answer is out. */
function goneSignal(target: http.ServerResponse): AbortSignal {
  const controller = new AbortController();
  target.once('close', () => {
    if (!target.writableFinished) controller.abort(new Error('the caller has gone'));
  });
  return controller.signal;
}

/** Stops listening, and waits for what is under way; what takes longer than `ms` is cut off. */
export async function drain(server: http.Server, ms: number): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  const timer = setTimeout(() => server.closeAllConnections(), ms);
  await closed;
  clearTimeout(timer);
}

function problemOf(code: string | undefined): ProblemCode {
  if (code === 'HPE_HEADER_OVERFLOW') return 'request-header-fields-too-large';
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 'request-timeout';
  return 'invalid-request';
}

/** Answers where Node has no response object to give: the request never became one. */
function writeRaw(socket: Duplex, code: ProblemCode, typePrefix: string): void {
  const requestId = requestIdFor({ headers: new Map() });
  const problem = toProblemResponse(new Problem(code), { requestId, typePrefix });
  const { status, headers, body } = withAlwaysHeaders(problem, requestId);
  const fields = { ...headers, Connection: 'close', 'Content-Length': Buffer.byteLength(body) };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  const reason = http.STATUS_CODES[status] ?? '';
  socket.end(`HTTP/1.1 ${status} ${reason}\r\n${lines.join('')}\r\n${body}`);
}
