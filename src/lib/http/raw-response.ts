import http from 'node:http';
import type { Duplex } from 'node:stream';

import type { HttpResponse } from './message.ts';

/**
 * Writes a response if Node has no response object, and closes the connection. It goes on reading for
 * `lingerMs` at most: closing on a client that still sends would reset the connection under the response.
 */
export function writeRaw(socket: Duplex, response: HttpResponse, lingerMs: number): void {
  if (!socket.writable) return void socket.destroy();
  const { status, headers, body } = response;
  const fields = { ...headers, Connection: 'close', 'Content-Length': Buffer.byteLength(body) };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${http.STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`);
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), lingerMs);
  socket.once('close', () => clearTimeout(timer));
}
