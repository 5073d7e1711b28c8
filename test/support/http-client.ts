import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';

import { expectDocumented, type Asked } from './documented.ts';

/** Plain clients: one that speaks HTTP, and one that writes any bytes. */

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly text: string;
  /** The body where it is a JSON object, else an empty one. */
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Sent {
  readonly method?: string;
  readonly path: string;
  /** A list for a field that is sent repeatedly. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Buffer;
  readonly agent?: http.Agent;
  /** False: not to the gateway's own port, of which `openapi.json` tells. */
  readonly isDocumented?: boolean;
}

/** Sends one request, on a connection of its own where no agent is given. */
export async function send(port: number, sent: Sent): Promise<Answer> {
  const { method = 'GET', path, headers = {}, body = '', agent, isDocumented = true } = sent;
  const mutable = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : [...value],
    ]),
  );
  const request = http.request({
    host: '127.0.0.1',
    port,
    method,
    path,
    headers: mutable,
    agent: agent ?? false,
  });
  request.end(body);
  const [response]: http.IncomingMessage[] = await once(request, 'response');
  if (!response) throw new Error('no response');
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  const { statusCode: status = 0, rawHeaders } = response;
  const received = { status, headers: response.headers, text };
  if (isDocumented) expectDocumented(received, { method, target: path });
  return { status, headers: response.headers, rawHeaders, text, body: parseObject(text) };
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  if (!text.startsWith('{')) return {};
  const value: unknown = JSON.parse(text);
  return Object.fromEntries(Object.entries(Object(value)));
}

/** The port that a server listens on. */
export function portOf(server: net.Server): number {
  const address = server.address();
  if (typeof address !== 'object' || !address) throw new Error('it does not listen on a port');
  return address.port;
}

/** A connection on which a test writes what it likes. */
export interface RawConnection {
  readonly socket: net.Socket;
  write(text: string): void;
  /** Everything received so far. */
  received(): string;
  /** Waits until something matches in what was received. */
  until(pattern: RegExp): Promise<string>;
  /** Waits for the other side to close, and gives all that was received. */
  closed(): Promise<string>;
}

export async function connectRaw(port: number): Promise<RawConnection> {
  const socket = net.connect(port, '127.0.0.1');
  let text = '';
  socket.setEncoding('latin1').on('data', (part: string) => (text += part));
  let isClosed = false;
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => {
      isClosed = true;
      resolve();
    });
  });
  // A reset is a way of closing; what was received before it is looked at all the same.
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return {
    socket,
    write: (part) => void socket.write(part, 'latin1'),
    received: () => text,
    async until(pattern) {
      while (!pattern.test(text)) {
        if (isClosed) throw new Error(`closed before ${pattern}: ${text}`);
        await Promise.race([new Promise((resolve) => socket.once('data', resolve)), closed]);
      }
      return text;
    },
    async closed() {
      await closed;
      return text;
    },
  };
}

/** Writes bytes on a connection of its own, and gives all that comes back until the other side closes. */
export async function exchangeRaw(port: number, ...parts: readonly string[]): Promise<RawAnswer[]> {
  const connection = await connectRaw(port);
  for (const part of parts) connection.write(part);
  return parseAnswers(await connection.closed(), askedBy(parts[0]));
}

export interface RawAnswer {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/**
 * Takes responses with `Content-Length` apart, strictly; `100 Continue` counts as one.
 *
 * @param asked what the first of them answers; after HEAD there must be no body
 */
export function parseAnswers(received: string, asked?: Asked): RawAnswer[] {
  const responses: RawAnswer[] = [];
  let rest = received;
  while (rest !== '') {
    const end = rest.indexOf('\r\n\r\n');
    const [statusLine = '', ...fields] = rest.slice(0, end).split('\r\n');
    const status = /^HTTP\/1\.1 (\d{3}) .+$/.exec(statusLine)?.[1];
    if (end < 0 || status === undefined) throw new Error(`not a response: ${rest}`);
    const headers = Object.fromEntries(
      fields.map((field) => {
        const colon = field.indexOf(':');
        return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()] as const;
      }),
    );
    const length = asked?.method === 'HEAD' ? 0 : Number(headers['content-length'] ?? 0);
    const bytes = rest.slice(end + 4, end + 4 + length);
    if (bytes.length < length) throw new Error(`cut short: ${rest}`);
    const text = Buffer.from(bytes, 'latin1').toString();
    responses.push({ status: Number(status), headers, text, body: parseObject(text) });
    rest = rest.slice(end + 4 + length);
  }
  const [only, ...others] = responses;
  for (const response of responses) {
    expectDocumented(response, response === only && others.length === 0 ? asked : undefined);
  }
  return responses;
}

/** What a request's first line asks for, where it is one. */
function askedBy(text = ''): Asked | undefined {
  const [, method, target] = /^([A-Z]+) (\S+) HTTP\/1\.[01]\r\n/.exec(text) ?? [];
  return method && target ? { method, target } : undefined;
}
