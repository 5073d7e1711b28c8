import { once } from 'node:events';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

import type { TestKey } from './jwt.ts';

export interface JwksServer {
  readonly uri: URL;
  /** Requests that have arrived since the start. */
  readonly requests: number;
  /** Connections that are open now. */
  readonly open: number;
  /** What it does from now on. */
  behave(listener: RequestListener): void;
  /** Resolves once `count` requests have arrived since the start. */
  arrived(count: number): Promise<void>;
  /** Resolves once no connection is open. */
  idle(): Promise<void>;
  /** Stops listening and cuts every connection: from then on connections are refused. */
  stop(): Promise<void>;
}

/** A provider of keys on a socket of 127.0.0.1, which can misbehave in every way that matters. */
export async function startJwksServer(listener: RequestListener): Promise<JwksServer> {
  let current = listener;
  const seen = { requests: 0 };
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    seen.requests += 1;
    current(request, response);
    server.emit('counted');
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => {
      sockets.delete(socket);
      server.emit('counted');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP socket has a port');
  return {
    uri: new URL(`http://127.0.0.1:${address.port}/jwks.json`),
    get requests() {
      return seen.requests;
    },
    get open() {
      return sockets.size;
    },
    behave: (next) => void (current = next),
    async arrived(count) {
      while (seen.requests < count) await once(server, 'counted');
    },
    async idle() {
      while (sockets.size > 0) await once(server, 'counted');
    },
    async stop() {
      if (!server.listening) return;
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

export function reply(
  body: string | Buffer,
  status = 200,
  headers: Record<string, string> = {},
): RequestListener {
  return (_request, response) => void response.writeHead(status, headers).end(body);
}

export function answerKeys(...keys: readonly Pick<TestKey, 'jwk'>[]): RequestListener {
  return reply(JSON.stringify({ keys: keys.map(({ jwk }) => jwk) }));
}

/** Never answers; what it holds can be answered later. */
export function hold(): { listener: RequestListener; held: ServerResponse[] } {
  const held: ServerResponse[] = [];
  return { listener: (_request, response) => void held.push(response), held };
}

export const dropConnection: RequestListener = (request) => void request.socket.destroy();

/** Sends the headers and the beginning of a body, and nothing more. */
export function hangInBody(status = 200): RequestListener {
  return (_request, response) => void response.writeHead(status).write('{"keys":');
}

/** Promises more than it sends. */
export const truncate: RequestListener = (_request, response) => {
  response
    .writeHead(200, { 'Content-Length': '1000' })
    .write('{"keys":[]}', () => response.destroy());
};

/** Sends for as long as somebody reads. */
export const flood: RequestListener = (_request, response) => {
  const chunk = Buffer.alloc(64 * 1024, ' ');
  const send = (): void => {
    if (!response.destroyed && response.write(chunk)) setImmediate(send);
  };
  response.writeHead(200).on('drain', send);
  send();
};
