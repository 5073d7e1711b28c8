import type { IncomingMessage, ServerResponse } from 'node:http';

/** What the API and the control API share: reading a body, sending one. */

/**
 * Reads a whole body.
 *
 * @param maxBytes the rest is read and thrown away, so that the client can read the response
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

/** Sends a whole body. */
export function send(
  response: ServerResponse,
  body: string,
  contentType = 'application/json',
  status = 200,
): void {
  const content = Buffer.from(body);
  response.writeHead(status, { 'content-type': contentType, 'content-length': content.length });
  response.end(content);
}

/** The path of a request, without its query. */
export function pathOf({ url = '' }: Pick<IncomingMessage, 'url'>): string {
  return url.split('?')[0] ?? '';
}
