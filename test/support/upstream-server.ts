import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import { readFileSync } from 'node:fs';

/** A stand-in for DLC that answers as a test says, however wrong; the emulator answers as DLC does. */
export interface UpstreamServer {
  readonly port: number;
  /** What arrived, each with its body. */
  readonly requests: { headers: http.IncomingHttpHeaders; body: string }[];
  /** Every connection that was made. */
  readonly sockets: Socket[];
  close(): Promise<void>;
}

type Answer = (response: http.ServerResponse, nth: number) => void;

const tls = new URL('../fixtures/tls/', import.meta.url);

/** Its certificate is its own issuer; the name in it is DLC's. */
export const certificatePath = new URL('cert.pem', tls).pathname;
/** Another one for the same key; the name in it is 127.0.0.1. */
export const loopbackCertificatePath = new URL('loopback.pem', tls).pathname;
export const keyPath = new URL('key.pem', tls).pathname;

export function startUpstream(
  respond: Answer,
  options: { secure?: boolean; keepAliveTimeout?: number } = {},
): Promise<UpstreamServer> {
  const requests: UpstreamServer['requests'] = [];
  const sockets: Socket[] = [];
  const listener: http.RequestListener = (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      requests.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
      respond(response, requests.length);
    });
  };
  const { keepAliveTimeout = 5000 } = options;
  const server = options.secure
    ? https.createServer(
        {
          key: readFileSync(keyPath),
          cert: readFileSync(certificatePath),
          keepAliveTimeout,
        },
        listener,
      )
    : http.createServer({ keepAliveTimeout }, listener);
  server.on('connection', (socket) => sockets.push(socket));
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      resolve({ port, requests, sockets, close });
    });
  });
}

/** Sends a body as DLC does: HTTP 200 and JSON. */
export function reply(response: http.ServerResponse, body: unknown): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  response.writeHead(200, { 'content-type': 'application/json' }).end(text);
}

export const OK = { Response: { RequestId: 'req-1' } };
