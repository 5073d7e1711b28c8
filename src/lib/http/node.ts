import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

import { Problem } from '../problems.ts';
import { scfRequestId, toHeaderFields, type HttpRequest, type HttpResponse } from './message.ts';
import { takeScfCredentials } from './scf-credentials.ts';
import {
  drainBody,
  isUnread,
  knownBytes,
  spoilsConnection,
  type Arrival,
  type BodyReader,
} from './node-body.ts';

/** Node's own http messages in and out. */

export interface NodeOptions {
  readonly readBody: BodyReader;
  /** Whether SCF runs this process: else anybody can send `X-Scf-Request-Id`. */
  readonly isScf: boolean;
  /** Whether the cloud credentials in SCF's header fields are used, if SCF runs this process. */
  readonly usesScfCredentials: boolean;
}

export function fromNode(arrival: Arrival, options: NodeOptions): HttpRequest {
  const { readBody, isScf, usesScfCredentials } = options;
  const { message, disconnected } = arrival;
  const { rawHeaders, method = '', url = '/' } = message;
  const pairs: [string, string][] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    pairs.push([rawHeaders[i] ?? '', rawHeaders[i + 1] ?? '']);
  }
  const headers = toHeaderFields(pairs);
  const credentials = isScf ? takeScfCredentials(headers) : undefined;
  // In absolute form too, which a server must take (RFC 9112, 3.2.2).
  const [, path = '', query = ''] = /^(?:https?:\/\/[^/?]*)?([^?]*)\??(.*)$/is.exec(url) ?? [];
  return {
    method,
    path,
    query: query === '' ? [] : [...new URLSearchParams(query)],
    headers,
    disconnected,
    credentials: usesScfCredentials ? credentials : undefined,
    platformRequestId: isScf ? scfRequestId(headers) : undefined,
    refusal: arrival.broken ?? forbidden(message),
    bodyBytes: knownBytes(message),
    readBody: (limit, body) => readBody(arrival, limit, body),
  };
}

/** What HTTP forbids, and Node's parser lets through. */
function forbidden({ httpVersion, headers }: IncomingMessage): Problem | undefined {
  // RFC 9112, 3.2. Node's own answer, which is switched off, would be no problem document.
  if (httpVersion === '1.1' && headers.host === undefined) {
    return new Problem('invalid-request', { detail: 'The Host header field is missing.' });
  }
  // RFC 9112, 6.1: a proxy may see other bounds of the body. HTTP/1.0 has no chunks, Node no other coding.
  const coding = headers['transfer-encoding'];
  if (coding === undefined || (httpVersion === '1.1' && /^chunked$/i.test(coding)))
    return undefined;
  return new Problem('invalid-request', { detail: 'This Transfer-Encoding is not supported.' });
}

/**
 * Writes the response at once, whether the body has arrived or not, and then drains the body. If it is
 * the connection's last response, an unread body is drained before the end: closing at once would reset
 * the connection, and the client might never see the response.
 *
 * @param isLast whether the connection is closed after it
 * @param lingerMs how long the gateway goes on reading from a client that still sends
 * @returns when the connection is ready for the next request, or closed
 */
export async function writeToNode(
  arrival: Arrival,
  target: ServerResponse,
  { status, headers, body }: HttpResponse,
  { isLast, lingerMs }: { readonly isLast: boolean; readonly lingerMs: number },
): Promise<void> {
  const { message } = arrival;
  const unread = isUnread(message);
  // The rest of a body that is too large is not worth reading, even if all of it is there by now.
  const closes = isLast || status === 413 || (unread && spoilsConnection(arrival));
  target.writeHead(status, {
    ...headers,
    ...(status !== 204 && { 'Content-Length': Buffer.byteLength(body) }),
    ...(closes && { Connection: 'close' }),
  });
  // Node leaves the body out if there must be none: after HEAD, and with a 204.
  if (unread && !target.shouldKeepAlive) {
    target.flushHeaders();
    target.write(body);
    await drainBody(message, lingerMs);
    target.end();
    return;
  }
  target.end(body);
  if (unread && !(await drainBody(message, lingerMs))) message.socket.destroySoon();
}

/** Writes a response if Node has no response object, and closes the connection, after `lingerMs` at most. */
export function writeRaw(socket: Duplex, response: HttpResponse, lingerMs: number): void {
  if (!socket.writable) return void socket.destroy();
  const { status, headers, body } = response;
  const fields = { ...headers, Connection: 'close', 'Content-Length': Buffer.byteLength(body) };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${http.STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`);
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), lingerMs);
  socket.once('close', () => clearTimeout(timer));
}
