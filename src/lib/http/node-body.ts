import type { IncomingMessage, ServerResponse } from 'node:http';

import { Problem } from '../problems.ts';
import { UNUSED_BODY_BYTES } from './message.ts';

/** The bodies of Node's http messages: read within bounds, or thrown away. */

/** What the server knows of a message, beside the message itself. */
export interface Arrival {
  readonly message: IncomingMessage;
  /** Absent where Node makes none. */
  readonly target?: ServerResponse;
  readonly disconnected?: AbortSignal;
  /** Why the body is read no further. */
  brokenBy?: Problem;
}

/** Reads no more of a body: if it is being read, that fails. */
export function breakOff(arrival: Arrival, problem: Problem): void {
  arrival.brokenBy = problem;
  arrival.message.emit('broken off', problem);
}

export type BodyReader = (
  arrival: Arrival,
  limit: number,
  isAuthenticated: boolean,
) => Promise<Buffer>;

/**
 * Reads bodies for at most `bodyMs` each. At most `maxWaiting` authenticated requests, and as many others,
 * wait for theirs; if one more comes, the one that has waited longest is dropped.
 */
export function createBodyReader(bodyMs: number, maxWaiting: number): BodyReader {
  const callers = new Set<Arrival>();
  const strangers = new Set<Arrival>();
  return async (arrival, limit, isAuthenticated) => {
    const { message, target, brokenBy } = arrival;
    if (brokenBy) throw brokenBy;
    if (declaredBytes(message) > limit) throw new Problem('payload-too-large');
    if (!hasBody(message)) return Buffer.alloc(0);
    const isInvited = message.headers.expect?.toLowerCase() === '100-continue';
    if (isInvited && !message.complete) target?.writeContinue();
    const waiting = isAuthenticated ? callers : strangers;
    const [longest] = waiting;
    if (longest && waiting.size >= maxWaiting) {
      const reason = 'too many requests wait for their bodies';
      breakOff(longest, new Problem('overloaded', { reason }));
    }
    waiting.add(arrival);
    const late = setTimeout(() => breakOff(arrival, new Problem('request-timeout')), bodyMs);
    try {
      return await collect(arrival, limit);
    } finally {
      clearTimeout(late);
      waiting.delete(arrival);
    }
  };
}

function collect(arrival: Arrival, limit: number): Promise<Buffer> {
  const { message } = arrival;
  return new Promise((resolve, reject) => {
    const cutShort = (): void =>
      reject(new Problem('invalid-request', { reason: 'the body was cut short' }));
    if (message.destroyed) return cutShort();
    const chunks: Buffer[] = [];
    let size = 0;
    message.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > limit) breakOff(arrival, new Problem('payload-too-large'));
      else chunks.push(chunk);
    });
    message.on('end', () => resolve(Buffer.concat(chunks)));
    message.on('error', cutShort).on('close', cutShort).on('broken off', reject);
  });
}

/** As the header fields say (RFC 9112, section 6). */
function hasBody(message: IncomingMessage): boolean {
  return message.headers['transfer-encoding'] !== undefined || declaredBytes(message) > 0;
}

function declaredBytes({ headers }: IncomingMessage): number {
  return Number(headers['content-length'] ?? 0);
}

/** What is known of the body's size before anything is read. */
export function knownBytes(message: IncomingMessage): number {
  return Math.max(declaredBytes(message), message.readableLength);
}

export function isUnread(message: IncomingMessage): boolean {
  return !message.complete && hasBody(message);
}

/**
 * Whether the connection must not be used again if the body stays unread: it is too large to be drained,
 * it was broken off, or the client waits to be invited and may not send it at all.
 */
export function spoilsConnection({ message, brokenBy }: Arrival): boolean {
  const waits = message.headers.expect !== undefined;
  return brokenBy !== undefined || waits || knownBytes(message) > UNUSED_BODY_BYTES;
}

/** How much is read and thrown away after a response: a client that still sends can read it. */
const LINGER_BYTES = 1024 * 1024;

/**
 * Throws the rest of the body away, for at most `ms` milliseconds.
 *
 * @returns whether it ended in time, and was small enough for the connection to go on
 */
export function drainBody(message: IncomingMessage, ms: number): Promise<boolean> {
  if (message.destroyed) return Promise.resolve(false);
  return new Promise((resolve) => {
    let bytes = 0;
    const done = (): void => {
      clearTimeout(timer);
      resolve(message.complete && bytes <= UNUSED_BODY_BYTES);
    };
    const timer = setTimeout(done, ms);
    message.removeAllListeners('data');
    message.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > LINGER_BYTES) message.pause();
    });
    message.on('end', done).on('close', done);
    message.resume();
  });
}
