import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import { pipeline } from 'node:stream';

import { readJson, refusalOf } from './guard.ts';

/**
 * What `npm start` shows in a browser: a table of paths. A path that ends in `/` stands for all paths
 * with one more segment.
 */
export type PlaygroundRoutes = Readonly<Record<string, PlaygroundFile | PlaygroundActions>>;

export interface PlaygroundFile {
  /** The media type, with its charset. */
  readonly type: string;
  /** A text, or the file that has it. */
  readonly content: string | URL;
}

/** The actions at a path, by method. */
export interface PlaygroundActions {
  readonly GET?: PlaygroundAction;
  readonly POST?: PlaygroundAction;
}

/** @param input `segment`: the path's last one, where the route leaves it open; `body`: a POST's, from JSON */
export type PlaygroundAction = (input: {
  readonly segment: string;
  readonly body: unknown;
}) => PlaygroundReply | Promise<PlaygroundReply>;

/** Without `json` the body is empty. */
export interface PlaygroundReply {
  readonly status: number;
  readonly json?: unknown;
}

export interface Playground {
  readonly url: string;
  close(): Promise<void>;
}

/** Requests below this path go to the gateway: so a page can send what CORS does not let through. */
const FORWARDED = '/gateway';
const HOP_BY_HOP = ['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'te', 'trailer'];

/**
 * Serves the table on 127.0.0.1, and the gateway below `/gateway/`.
 *
 * @param gateway its origin: the only other one that the pages may connect to
 */
export async function startPlayground(
  port: number,
  routes: PlaygroundRoutes,
  gateway: string,
): Promise<Playground> {
  const headers = headersFor(gateway);
  const server = http.createServer((request, response) => {
    const [path = ''] = (request.url ?? '').split('?');
    const isForwarded = path.startsWith(`${FORWARDED}/`);
    const refusal = refusalOf(request, isForwarded);
    if (refusal) say(response, refusal.status, refusal.text, { ...headers, ...refusal.headers });
    else if (isForwarded) forward(request, response, gateway);
    else serve(request, response, find(routes, path), headers).catch(() => response.destroy());
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

type Found = { readonly route: PlaygroundRoutes[string] | undefined; readonly segment: string };

async function serve(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  { route, segment }: Found,
  headers: Readonly<Record<string, string>>,
): Promise<void> {
  if (!route) return say(response, 404, 'There is nothing here.\n', headers);
  const isFile = 'content' in route;
  const allowed = isFile ? ['GET', 'HEAD'] : Object.keys(route);
  if (!allowed.includes(request.method ?? '')) {
    const only = isFile ? 'GET' : allowed.join(' and ');
    const allow = { ...headers, Allow: allowed.join(', ') };
    return say(response, 405, `Only ${only} is taken here.\n`, allow);
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

function say(
  response: http.ServerResponse,
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  const type = { 'Content-Type': 'text/plain; charset=utf-8' };
  response.writeHead(status, { ...headers, ...type }).end(text);
}

/** Passes a request on to the gateway without the browser's Origin, and the response back. */
function forward(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  gateway: string,
): void {
  const target = new URL(gateway);
  const left = new Set([...HOP_BY_HOP, 'host', 'origin', 'referer', 'cookie']);
  const options = { method: request.method, headers: without(request.headers, left) };
  const path = (request.url ?? '').slice(FORWARDED.length);
  const outgoing = http.request(target, { ...options, path }, (incoming) => {
    const headers = without(incoming.headers, new Set(HOP_BY_HOP));
    response.writeHead(incoming.statusCode ?? 502, headers);
    pipeline(incoming, response, () => {});
  });
  outgoing.on('error', () => {
    if (response.headersSent) response.destroy();
    else say(response, 502, 'The gateway does not answer.\n');
  });
  response.on('close', () => outgoing.destroy());
  request.pipe(outgoing);
}

function without(
  headers: http.IncomingHttpHeaders,
  names: ReadonlySet<string>,
): http.OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !names.has(name)));
}

function find(routes: PlaygroundRoutes, path: string): Found {
  if (Object.hasOwn(routes, path)) return { route: routes[path], segment: '' };
  const end = path.lastIndexOf('/') + 1;
  const folder = path.slice(0, end);
  const isOpen = end > 1 && end < path.length && Object.hasOwn(routes, folder);
  return { route: isOpen ? routes[folder] : undefined, segment: path.slice(end) };
}

function headersFor(gateway: string): Record<string, string> {
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    `connect-src 'self' ${gateway}`,
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
