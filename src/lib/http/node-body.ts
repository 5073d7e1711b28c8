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

/** The requests that wait for their bodies, the longest first, and the bytes that have arrived of all. */
interface Waiting {
  readonly arrivals: Set<Arrival>;
  bytes: number;
}

function dropLongest({ arrivals }: Waiting): void {
  const [longest] = arrivals;
  const reason = 'too many requests wait for their bodies';
  if (longest) breakOff(longest, new Problem('overloaded', { reason }));
}

/**
 * Reads bodies for at most `bodyMs` each. At most `maxWaiting` authenticated requests, and as many others,
 * wait for theirs, and at most `maxBytes` of the bodies of each have arrived; beyond that, the one that has
 * waited longest is dropped.
 */
export function createBodyReader(bodyMs: number, maxWaiting: number, maxBytes: number): BodyReader {
  const callers: Waiting = { arrivals: new Set(), bytes: 0 };
  const strangers: Waiting = { arrivals: new Set(), bytes: 0 };
  return async (arrival, limit, isAuthenticated) => {
    const { message, target, brokenBy } = arrival;
    if (brokenBy) throw brokenBy;
    if (declaredBytes(message) > limit) throw new Problem('payload-too-large');
    if (!hasBody(message)) return Buffer.alloc(0);
    const isInvited = message.headers.expect?.toLowerCase() === '100-continue';
    // RFC 9110, section 10.1.1: HTTP/1.0 has no such response.
    const isAwaited = isInvited && message.httpVersion !== '1.0' && !message.complete;
    if (isAwaited) target?.writeContinue();
    const waiting = isAuthenticated ? callers : strangers;
    if (waiting.arrivals.size >= maxWaiting) dropLongest(waiting);
    waiting.arrivals.add(arrival);
    let size = 0;
    const count = (bytes: number): void => {
      size += bytes;
      waiting.bytes += bytes;
      if (size > limit) breakOff(arrival, new Problem('payload-too-large'));
      else if (waiting.bytes > maxBytes) dropLongest(waiting);
    };
    const late = setTimeout(() => breakOff(arrival, new Problem('request-timeout')), bodyMs);
    try {
      return await collect(message, count);
    } finally {
      clearTimeout(late);
      waiting.arrivals.delete(arrival);
      waiting.bytes -= size;
    }
  };
}

/** @param count gets how many bytes arrive, and may break the body off */
function collect(message: IncomingMessage, count: (bytes: number) => void): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const cutShort = (): void =>
      reject(new Problem('invalid-request', { reason: 'the body was cut short' }));
    if (message.destroyed) return cutShort();
    const chunks: Buffer[] = [];
    const take = (chunk: Buffer): void => {
      chunks.push(chunk);
      count(chunk.length);
    };
    message.on('data', take).on('end', () => resolve(Buffer.concat(chunks)));
    message.on('error', cutShort).on('close', cutShort);
    message.on('broken off', (problem: Problem) => {
      // The message stays until it is drained; what has arrived of it does not.
      message.off('data', take);
      chunks.length = 0;
      reject(problem);
    });
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
