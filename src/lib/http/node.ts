import type { IncomingMessage, ServerResponse } from 'node:http';

import { Problem } from '../problem.ts';
import { toHeaderFields, type HttpRequest, type HttpResponse } from './message.ts';

/** Node's own http messages in and out: web functions, containers, laptops. */

export function fromNode(message: IncomingMessage, gone: AbortSignal): HttpRequest {
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
    readBody: (limit) => readBody(message, limit),
  };
}

/** The request target in origin form, or in absolute form, which a server must take too (RFC 9112, 3.2.2). */
function splitTarget(target: string): { path: string; query: string } {
  const origin = target.replace(/^https?:\/\/[^/?]*/i, '');
  const mark = origin.indexOf('?');
  if (mark < 0) return { path: origin, query: '' };
  return { path: origin.slice(0, mark), query: origin.slice(mark + 1) };
}

async function readBody(message: IncomingMessage, limit: number): Promise<Buffer> {
  const declared = Number(message.headers['content-length'] ?? 0);
  if (declared > limit) throw new Problem('payload-too-large');
  const chunks: Buffer[] = [];
  let size = 0;
  return new Promise((resolve, reject) => {
    message.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > limit) {
        message.pause();
        reject(new Problem('payload-too-large'));
      } else chunks.push(chunk);
    });
    message.on('end', () => resolve(Buffer.concat(chunks)));
    message.on('error', () => reject(new Problem('invalid-request', { reason: 'body cut short' })));
    message.on('close', () => reject(new Problem('invalid-request', { reason: 'body cut short' })));
  });
}

/** How much of a body that nobody wants is read and thrown away, so that its sender can hear the answer. */
const LINGER = { bytes: 1024 * 1024, ms: 1000 } as const;

/**
 * Writes the response. Where the body was not read to its end, the answer goes out whole first and
 * the connection is closed after a bounded pause: closing at once would reset it, and the caller
 * might never see why.
 */
export async function writeToNode(
  message: IncomingMessage,
  target: ServerResponse,
  response: HttpResponse,
): Promise<void> {
  const body = message.method === 'HEAD' ? '' : response.body;
  const unread = hasBody(message) && !message.complete;
  target.writeHead(response.status, {
    ...response.headers,
    ...(response.status !== 204 && { 'Content-Length': Buffer.byteLength(response.body) }),
    ...(unread && { Connection: 'close' }),
  });
  if (unread) {
    target.write(body);
    await discard(message);
  }
  target.end(unread ? undefined : body);
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function discard(message: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    let bytes = 0;
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(done, LINGER.ms).unref();
    message.removeAllListeners('data');
    message.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > LINGER.bytes) done();
    });
    message.on('end', done);
    message.on('close', done);
    message.resume();
  });
}
