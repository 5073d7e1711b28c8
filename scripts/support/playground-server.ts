import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import http from 'node:http';

/** What `npm start` shows in a browser: a table of paths, each with what is there. */
export type PlaygroundRoutes = Readonly<Record<string, PlaygroundFile>>;

export interface PlaygroundFile {
  /** The media type, with its charset. */
  readonly type: string;
  /** A text, or the file that holds it. */
  readonly content: string | URL;
}

export interface Playground {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves the table on 127.0.0.1.
 *
 * @param connectTo the origins that its pages talk to; nothing else leaves the browser
 */
export async function startPlayground(
  port: number,
  routes: PlaygroundRoutes,
  connectTo: readonly string[],
): Promise<Playground> {
  const server = http.createServer((request, response) => {
    answer(request, response, routes, headersFor(connectTo)).catch(() => response.destroy());
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const bound = typeof address === 'object' && address ? address.port : port;
  return {
    url: `http://127.0.0.1:${bound}`,
    async close() {
      server.close();
      server.closeAllConnections();
      if (server.listening) await once(server, 'close');
    },
  };
}

async function answer(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  routes: PlaygroundRoutes,
  headers: Readonly<Record<string, string>>,
): Promise<void> {
  const [path = ''] = (request.url ?? '').split('?');
  const file = Object.hasOwn(routes, path) ? routes[path] : undefined;
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  if (!file || !isRead) {
    const text = { 'Content-Type': 'text/plain; charset=utf-8' };
    const allow = file ? { Allow: 'GET, HEAD' } : {};
    response.writeHead(file ? 405 : 404, { ...headers, ...text, ...allow });
    return void response.end(file ? 'Only GET is taken here.\n' : 'There is nothing here.\n');
  }
  const { content, type } = file;
  const body = typeof content === 'string' ? content : await readFile(content);
  response.writeHead(200, { ...headers, 'Content-Type': type }).end(body);
}

function headersFor(connectTo: readonly string[]): Record<string, string> {
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    `connect-src 'self' ${connectTo.join(' ')}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  return {
    'Content-Security-Policy': policy.join('; '),
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cache-Control': 'no-cache',
  };
}
