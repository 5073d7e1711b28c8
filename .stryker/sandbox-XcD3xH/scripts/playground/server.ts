import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import http from 'node:http';

import { readJson, refusalOf } from './guard.ts';

/**
 * What `npm start` shows in a browser: a table of paths, each with what is there. A path that ends in
 * `/` stands for those with one more segment.
 */
export type PlaygroundRoutes = Readonly<Record<string, PlaygroundFile | PlaygroundActions>>;

export interface PlaygroundFile {
  /** The media type, with its charset. */
  readonly type: string;
  /** A text, or the file that holds it. */
  readonly content: string | URL;
}

/** What can be asked for at a path, by method. */
export interface PlaygroundActions {
  readonly GET?: PlaygroundAction;
  readonly POST?: PlaygroundAction;
}

/** @param input `segment`: the path's last one, where the route leaves it open; `body`: a POST's, from JSON */
export type PlaygroundAction = (input: {
  readonly segment: string;
  readonly body: unknown;
}) => PlaygroundReply | Promise<PlaygroundReply>;

/** `json` absent: there is nothing to say. */
export interface PlaygroundReply {
  readonly status: number;
  readonly json?: unknown;
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
  const say = (status: number, text: string, more: Readonly<Record<string, string>> = {}): void => {
    const type = { 'Content-Type': 'text/plain; charset=utf-8' };
    response.writeHead(status, { ...headers, ...type, ...more }).end(text);
  };
  const refusal = refusalOf(request);
  if (refusal) return say(refusal.status, refusal.text, refusal.headers);
  const { route, segment } = find(routes, (request.url ?? '').split('?')[0] ?? '');
  if (!route) return say(404, 'There is nothing here.\n');
  const isFile = 'content' in route;
  const allowed = isFile ? ['GET', 'HEAD'] : Object.keys(route);
  if (!allowed.includes(request.method ?? '')) {
    const only = isFile ? 'GET' : allowed.join(' and ');
    return say(405, `Only ${only} is taken here.\n`, { Allow: allowed.join(', ') });
  }
  if (isFile) {
    const { content, type } = route;
    const body = typeof content === 'string' ? content : await readFile(content);
    return void response.writeHead(200, { ...headers, 'Content-Type': type }).end(body);
  }
  const action = request.method === 'POST' ? route.POST : route.GET;
  const body = request.method === 'POST' ? await readJson(request) : undefined;
  const reply = await action?.({ segment, body });
  const json = { ...headers, 'Content-Type': 'application/json' };
  response.writeHead(reply?.status ?? 404, json).end(JSON.stringify(reply?.json));
}

function find(
  routes: PlaygroundRoutes,
  path: string,
): { route: PlaygroundRoutes[string] | undefined; segment: string } {
  if (Object.hasOwn(routes, path)) return { route: routes[path], segment: '' };
  const end = path.lastIndexOf('/') + 1;
  const folder = path.slice(0, end);
  const isOpen = end > 1 && end < path.length && Object.hasOwn(routes, folder);
  return { route: isOpen ? routes[folder] : undefined, segment: path.slice(end) };
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
