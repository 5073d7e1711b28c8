import type { IncomingMessage, ServerResponse } from 'node:http';
import { setImmediate } from 'node:timers/promises';

import { Problem } from '../problem.ts';
import { toHeaderFields, type HttpRequest, type HttpResponse } from './message.ts';

/** Node's own http messages in and out: web functions, containers, laptops. */

/** What only the server knows of a message, beside the message itself. */
export interface Arrival {
  readonly message: IncomingMessage;
  /** Aborted when the connection closes before the answer is out. */
  readonly gone: AbortSignal;
  /** Aborted, with a Problem as its reason, where the rest of the body will never be understood. */
  readonly broken: () => AbortSignal;
  /** Tells a caller that waits for it (`Expect: 100-continue`) to send the body. */
  readonly inviteBody: () => void;
}

export function fromNode(arrival: Arrival): HttpRequest {
  const { message, gone } = arrival;
  const { path, query } = splitTarget(message.url ?? '/');
  const raw = message.rawHeaders;
  const pairs = raw.flatMap((name, i) => (i % 2 ? [] : [[name, raw[i + 1] ?? ''] as const]));
  const headers = toHeaderFields(pairs);
  const id = headers.get('x-scf-request-id')?.[0];
  return {
    method: message.method ?? '',
    path,
    query: [...new URLSearchParams(query)],
    headers,
    gone,
    ...(id !== undefined && { platformRequestId: id }),
    // Node's own answer to it, which is switched off, would be no problem (RFC 9112, section 3.2).
    ...(message.httpVersion === '1.1' && !headers.has('host') && { refusal: lacksHost() }),
    readBody: (limit) => readBody(arrival, limit),
  };
}

function lacksHost(): Problem {
  return new Problem('invalid-request', { detail: 'The Host header field is missing.' });
}

/** The request target in origin form, or in absolute form, which a server must take too (RFC 9112, 3.2.2). */
function splitTarget(target: string): { path: string; query: string } {
  const origin = target.replace(/^https?:\/\/[^/?]*/i, '');
  const mark = origin.indexOf('?');
  if (mark < 0) return { path: origin, query: '' };
  return { path: origin.slice(0, mark), query: origin.slice(mark + 1) };
}

async function readBody(arrival: Arrival, limit: number): Promise<Buffer> {
  const { message, inviteBody } = arrival;
  if (Number(message.headers['content-length'] ?? 0) > limit) {
    throw new Problem('payload-too-large');
  }
  if (hasNoBody(message)) return EMPTY;
  if (isUnread(message)) inviteBody();
  const broken = arrival.broken();
  const chunks: Buffer[] = [];
  let size = 0;
  return new Promise((resolve, reject) => {
    const failBroken = (): void => reject(broken.reason);
    const failGone = (): void =>
      reject(new Problem('invalid-request', { reason: 'the body was cut short' }));
    if (broken.aborted) return failBroken();
    if (message.destroyed) return failGone();
    broken.addEventListener('abort', failBroken, { once: true });
    message.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > limit) reject(new Problem('payload-too-large'));
      else chunks.push(chunk);
    });
    message.on('end', () => {
      resolve(Buffer.concat(chunks));
      message.off('close', failGone);
    });
    message.on('error', failGone);
    message.on('close', failGone);
  });
}

const EMPTY = Buffer.alloc(0);

/** How much of a body that nobody wants is read and thrown away, so that its sender can hear the answer. */
const LINGER_BYTES = 1024 * 1024;

export interface Leaving {
  /** The connection is closed after the answer. */
  readonly closes: boolean;
  /** Longest that the sender of an unread body is given to hear the answer. */
  readonly lingerMs: number;
}

/**
 * Writes the response. Where the body was not read to its end, the answer goes out whole first and
 * the connection is closed after a bounded pause: closing at once would reset it, and the caller
 * might never see why.
 */
export async function writeToNode(
  message: IncomingMessage,
  target: ServerResponse,
  response: HttpResponse,
  { closes, lingerMs }: Leaving,
): Promise<void> {
  // Promises go on between a body's last byte and its end: an answer may be quicker than a body that is here.
  if (isUnread(message)) await setImmediate();
  const unread = isUnread(message);
  target.writeHead(response.status, {
    ...response.headers,
    ...(response.status !== 204 && { 'Content-Length': Buffer.byteLength(response.body) }),
    ...((unread || closes) && { Connection: 'close' }),
  });
  // Node leaves the body away where there must be none: after HEAD, and with a 204.
  if (!unread) return void target.end(response.body);
  target.flushHeaders();
  target.write(response.body);
  await discard(message, lingerMs);
  target.end();
}

const isUnread = (message: IncomingMessage): boolean => !message.complete && !hasNoBody(message);

/** As the header says (RFC 9112, section 6). */
function hasNoBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] === undefined && !(Number(headers['content-length']) > 0);
}

function discard(message: IncomingMessage, lingerMs: number): Promise<void> {
  if (message.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    let bytes = 0;
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(done, lingerMs);
    message.removeAllListeners('data');
    message.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > LINGER_BYTES) message.pause();
    });
    message.on('end', done);
    message.on('close', done);
    message.resume();
  });
}
