import type { IncomingMessage } from 'node:http';

/**
 * What keeps other pages of the same browser out of the playground, which signs tokens and webhooks for
 * whoever asks: they can send requests to this port, and by DNS rebinding under a name of their own.
 */

interface Refusal {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
}

const MAX_BODY_BYTES = 16 * 1024;

/** Why a request is not taken, if it is not. */
export function refusalOf(request: IncomingMessage): Refusal | undefined {
  const own = `127.0.0.1:${request.socket.localPort}`;
  const { host, origin, 'content-type': type = '' } = request.headers;
  if (host === `localhost:${request.socket.localPort}` && request.method === 'GET') {
    // CORS knows this page by one origin only.
    const [path = ''] = (request.url ?? '').split('?');
    const Location = `http://${own}/${path.replace(/^\/+/, '')}`;
    return { status: 307, text: `${Location}\n`, headers: { Location } };
  }
  if (host !== own) return { status: 421, text: `This is http://${own}\n`, headers: {} };
  if (request.method !== 'POST') return undefined;
  if (origin !== undefined && origin !== `http://${own}`) {
    return { status: 403, text: 'Only its own page may do this.\n', headers: {} };
  }
  // A foreign page cannot send this type without a preflight, which nothing here answers.
  const isJson = type.split(';')[0]?.trim() === 'application/json';
  const text = 'The body must be application/json.\n';
  // Without any type and body it is nobody's form either: the route says what it takes.
  return isJson || type === '' ? undefined : { status: 415, text, headers: {} };
}

/** The body as JSON; nothing where it is none, or over 16 KiB. */
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
