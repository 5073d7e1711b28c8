import type { IncomingMessage } from 'node:http';

/**
 * Keeps other pages of the same browser out of the playground, which signs tokens and webhooks for its
 * own page. Other pages can send requests to this port, and by DNS rebinding under a name of their own.
 */

interface Refusal {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
}

const MAX_BODY_BYTES = 16 * 1024;

/**
 * Returns why a request is refused, if it is.
 *
 * @param takesAnyType the body goes to the gateway as it is; everywhere else it must be JSON
 */
export function refusalOf(request: IncomingMessage, takesAnyType: boolean): Refusal | undefined {
  const { method = '', url = '', headers, socket } = request;
  const own = `127.0.0.1:${socket.localPort}`;
  const isReading = method === 'GET' || method === 'HEAD';
  if (headers.host === `localhost:${socket.localPort}` && isReading) {
    // CORS knows this page by one origin only.
    const Location = `http://${own}/${url.replace(/^\/+/, '')}`;
    return { status: 307, text: `${Location}\n`, headers: { Location } };
  }
  if (headers.host !== own) return refusal(421, `This is http://${own}\n`);
  if (isReading) return undefined;
  if (headers.origin !== undefined && headers.origin !== `http://${own}`) {
    return refusal(403, 'Only its own page may do this.\n');
  }
  // A foreign page cannot send JSON without a preflight, which nothing here answers. A request without
  // a type and a body comes from no form either: its route decides.
  const type = headers['content-type']?.split(';')[0]?.trim() ?? '';
  const isTaken = takesAnyType || type === 'application/json' || type === '';
  return isTaken ? undefined : refusal(415, 'The body must be application/json.\n');
}

const refusal = (status: number, text: string): Refusal => ({ status, text, headers: {} });

/** The body as JSON; undefined if it is not JSON, or over 16 KiB. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > MAX_BODY_BYTES) return undefined;
    chunks.push(bytes);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch {
    return undefined;
  }
}
