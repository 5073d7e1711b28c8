import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { errorBody, successBody } from './envelope.ts';
import type { RequestFault } from './faults.ts';
import { send } from './http.ts';

/** The faults that replace a response; a `delay` only postpones it. */
type ReplacingFault = Exclude<RequestFault, { kind: 'delay' }>;

const json = { 'content-type': 'application/json' };
const dripMs = 200;
const hugeBytes = 8 * 1024 * 1024;
const leak = 'injected: node 10.1.2.3 of cluster dlc-internal-7 said no';

/**
 * Sends what a fault's kind says in place of a response. Kinds that never finish end with the connection.
 */
export function sendFault(response: ServerResponse, fault: ReplacingFault): void {
  switch (fault.kind) {
    case 'code':
      return send(response, errorBody(fault.code, fault.message ?? leak, fault.detail));
    case 'status':
      return send(response, '', 'text/plain', fault.status);
    case 'reset-before':
    case 'reset-after':
      return void response.socket?.resetAndDestroy();
    case 'hang':
      return;
    case 'hang-body':
      return response.writeHead(200, { ...json, 'content-length': 100 }).flushHeaders();
    case 'drip':
      return drip(response);
    case 'truncate':
      return truncate(response);
    case 'truncate-chunk':
      return truncateChunk(response);
    case 'empty':
      return send(response, '');
    case 'html':
      return send(response, `<html><body>${leak}</body></html>`, 'text/html');
    case 'body':
      return send(response, textOf(fault.body), fault.contentType);
    case 'huge':
      return sendHuge(response);
    case 'redirect':
      return void response.writeHead(307, { location: fault.location }).end();
  }
}

function textOf(body: unknown): string {
  return typeof body === 'string' ? body : JSON.stringify(body);
}

/** Spaces may stand before JSON: no byte of it is wrong, there is only never an end. */
function drip(response: ServerResponse): void {
  response.writeHead(200, json).flushHeaders();
  const timer = setInterval(() => response.write(' '), dripMs);
  response.on('close', () => clearInterval(timer));
}

/** Less than `content-length` promises, and then an orderly end of the connection (FIN). */
function truncate(response: ServerResponse): void {
  const body = successBody({});
  response.writeHead(200, { ...json, 'content-length': body.length });
  response.write(body.slice(0, -10), () => response.socket?.destroySoon());
}

/** A chunk that ends before its length, and then an orderly end of the connection (FIN). */
function truncateChunk(response: ServerResponse): void {
  const body = successBody({});
  response.writeHead(200, { ...json, 'transfer-encoding': 'chunked' }).flushHeaders();
  const { socket } = response;
  socket?.write(`${body.length.toString(16)}\r\n${body.slice(0, -10)}`, () => socket.destroySoon());
}

/** Valid JSON with a RequestId, so that only a limit on the size can find fault with it. */
function sendHuge(response: ServerResponse): void {
  response.writeHead(200, json);
  // A client that has seen enough closes the connection, which is no failure here.
  pipeline(Readable.from(hugeChunks()), response).catch(() => undefined);
}

function* hugeChunks(): Generator<string> {
  const filler = 'x'.repeat(64 * 1024);
  yield `{"Response":{"RequestId":"${randomUUID()}","Filler":"`;
  for (let sent = 0; sent < hugeBytes; sent += filler.length) yield filler;
  yield '"}}';
}
