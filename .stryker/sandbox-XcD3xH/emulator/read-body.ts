import type { IncomingMessage } from 'node:http';

/**
 * Reads a whole body.
 *
 * @param maxBytes what is beyond is read and thrown away, so that the client gets to read its answer
 * @returns the body, or undefined when it is longer
 * @throws when the connection breaks before its end
 */
export async function readBody(
  request: IncomingMessage,
  maxBytes: number,
): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= maxBytes) chunks.push(chunk);
  }
  return length <= maxBytes ? Buffer.concat(chunks) : undefined;
}
