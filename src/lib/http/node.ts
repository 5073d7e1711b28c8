import type { IncomingMessage, ServerResponse } from 'node:http';

import { Problem } from '../problems.ts';
import { scfRequestId, toHeaderFields, type HttpRequest, type HttpResponse } from './message.ts';
import {
  drainBody,
  isUnread,
  knownBytes,
  spoilsConnection,
  type Arrival,
  type BodyReader,
} from './node-body.ts';

/** Node's own http messages in and out: web functions, containers, laptops. */

export interface NodeOptions {
  readonly readBody: BodyReader;
  /** Whether SCF runs this process: then `X-Scf-Request-Id` is the platform's, else anybody's. */
  readonly isScf: boolean;
}

export function fromNode(arrival: Arrival, { readBody, isScf }: NodeOptions): HttpRequest {
  const { message, disconnected } = arrival;
  const { path, query } = splitTarget(message.url ?? '/');
  const raw = message.rawHeaders;
  const pairs = raw.flatMap((name, i) => (i % 2 ? [] : [[name, raw[i + 1] ?? ''] as const]));
  const headers = toHeaderFields(pairs);
  const platformRequestId = isScf ? scfRequestId(headers) : undefined;
  const refusal = arrival.broken ?? forbidden(message);
  return {
    method: message.method ?? '',
    path,
    query: [...new URLSearchParams(query)],
    headers,
    disconnected,
    ...(platformRequestId !== undefined && { platformRequestId }),
    ...(refusal && { refusal }),
    bodyBytes: knownBytes(message),
    readBody: (limit, options) => readBody(arrival, limit, options),
  };
}

/** What HTTP forbids, and Node's parser lets through. */
function forbidden({ httpVersion, headers }: IncomingMessage): Problem | undefined {
  // Node's own response, which is switched off, would be no problem document (RFC 9112, 3.2).
  if (httpVersion === '1.1' && headers.host === undefined) {
    return new Problem('invalid-request', { detail: 'The Host header field is missing.' });
  }
  // A proxy may see other bounds of the body (RFC 9112, 6.1): HTTP/1.0 knows no chunks, Node no other coding.
  const coding = headers['transfer-encoding'];
  if (coding === undefined || (httpVersion === '1.1' && /^chunked$/i.test(coding)))
    return undefined;
  return new Problem('invalid-request', { detail: 'This Transfer-Encoding is not supported.' });
}

/** The request target in origin form, or in absolute form, which a server must take too (RFC 9112, 3.2.2). */
function splitTarget(target: string): { path: string; query: string } {
  const origin = target.replace(/^https?:\/\/[^/?]*/i, '');
  const mark = origin.indexOf('?');
  if (mark < 0) return { path: origin, query: '' };
  return { path: origin.slice(0, mark), query: origin.slice(mark + 1) };
}

/**
 * Writes the response at once, whether the body has arrived or not, and then drains the body. If it is
 * the connection's last response, an unread body is drained before the end: closing at once would reset
 * the connection, and the client might never see the response.
 *
 * @param isLast whether the connection is closed after it
 * @param lingerMs how long a client that still sends is listened to
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
  const closes = isLast || (unread && spoilsConnection(arrival));
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
