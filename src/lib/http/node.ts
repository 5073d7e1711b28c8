import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

import { Problem } from '../problems.ts';
import {
  scfRequestId,
  takeScfCredentials,
  toHeaderFields,
  type HttpRequest,
  type HttpResponse,
} from './message.ts';
import {
  drainBody,
  isUnread,
  knownBytes,
  spoilsConnection,
  type Arrival,
  type BodyReader,
} from './node-body.ts';

/** Node's own http messages in and out. */

/** @param usesCredentials whether cloud credentials in the header fields are used: SCF puts them there */
export function fromNode(
  arrival: Arrival,
  readBody: BodyReader,
  usesCredentials: boolean,
): HttpRequest {
  const { message, disconnected } = arrival;
  const { rawHeaders, method = '', url = '/' } = message;
  // Not `headersDistinct`: until March 2026, a field named `__proto__` made Node throw (CVE-2026-21710).
  const pairs = rawHeaders.flatMap((name, i) =>
    i % 2 === 0 ? [[name, rawHeaders[i + 1] ?? ''] as const] : [],
  );
  const headers = toHeaderFields(pairs);
  const credentials = takeScfCredentials(headers);
  // In absolute form too, which a server must take (RFC 9112, 3.2.2).
  const [, path = '', query = ''] = /^(?:https?:\/\/[^/?]*)?([^?]*)\??(.*)$/is.exec(url) ?? [];
  return {
    method,
    path,
    query: query === '' ? [] : [...new URLSearchParams(query)],
    headers,
    disconnected,
    credentials: usesCredentials ? credentials : undefined,
    platformRequestId: scfRequestId(headers),
    refusal: arrival.brokenBy ?? forbidden(message),
    bodyBytes: knownBytes(message),
    readBody: (limit, isAuthenticated) => readBody(arrival, limit, isAuthenticated),
  };
}

/** What HTTP forbids, and Node's parser lets through. */
function forbidden({ httpVersion, headers }: IncomingMessage): Problem | undefined {
  // RFC 9112, 3.2. Node's own response, which is switched off, would be no problem document.
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
 * Writes the response at once, whether the body has arrived or not, and drains an unread body before the
 * end: closing at once would reset the connection, and the client might never see the response.
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
  if (!unread) return void target.end(body);
  target.flushHeaders();
  target.write(body);
  const isDrained = await drainBody(message, lingerMs);
  target.end();
  if (!isDrained) message.socket.destroySoon();
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
