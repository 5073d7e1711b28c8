import { openApiText } from '../../scripts/openapi/document.ts';
import { createApp } from '../../src/app.ts';
import { systemClock, type Clock } from '../../src/lib/clock.ts';
import { toHeaderFields, type HeaderFields } from '../../src/lib/http/message.ts';
import { createLog } from '../../src/lib/observability/log.ts';
import { loadSettings } from '../../src/settings.ts';
import { expectDocumented } from './documented.ts';
import { keyEntry } from './key-entry.ts';

type Pairs = readonly (readonly [string, string])[];

/** A gateway in this process, through the real SDK and real sockets to whatever listens on `port`. */
export interface InProcessGateway {
  readonly gateway: ReturnType<typeof createApp>;
  /** The log's lines, as text and parsed. */
  readonly log: string[];
  readonly lines: Record<string, unknown>[];
  /** Sends these header fields and this body. */
  send(
    method: string,
    target: string,
    headers?: Pairs,
    body?: string | (() => Promise<Buffer>),
    /** The header fields cannot be looked through, as if the gateway had a defect. */
    isDefective?: boolean,
    disconnected?: AbortSignal,
  ): Promise<Answer>;
  /** Sends a caller's request without a body. */
  call(method: 'DELETE' | 'GET', path: string, options?: CallOptions): Promise<Answer>;
}

export interface CallOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Which of the callers, from 0. */
  readonly caller?: number;
  readonly disconnected?: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export function startInProcess(options: {
  readonly port: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly callers?: number;
  readonly clock?: Clock;
  readonly random?: () => number;
  readonly readDocument?: () => string;
}): InProcessGateway {
  const { port, callers = 3, clock = systemClock, random = () => 0 } = options;
  const keys = Array.from({ length: callers }, (_, i) => `the-api-key-of-caller-${i}`);
  const env = {
    TENCENTCLOUD_SECRETID: 'AKIDEMULATOR',
    TENCENTCLOUD_SECRETKEY: 'emulator-secret-key',
    DLC_REGION: 'ap-guangzhou',
    DLC_REGIONS: 'ap-singapore',
    DLC_ENDPOINT: `http://127.0.0.1:${port}`,
    UPSTREAM_RATE: '100000',
    LOG_LEVEL: 'debug',
    API_KEYS: JSON.stringify(
      keys.map((key, i) => keyEntry(key, { id: `c${i}`, rate: '999999/s' })),
    ),
    ...options.env,
  };
  const config = loadSettings(env, '/');
  const log: string[] = [];
  const lines: InProcessGateway['lines'] = [];
  const write = (line: string): void => {
    log.push(line);
    lines.push(JSON.parse(line));
  };
  const gateway = createApp(config, {
    env,
    log: createLog(config.logLevel, () => clock.now(), { write }),
    clock,
    random,
    readDocument: options.readDocument ?? openApiText,
  });
  const send: InProcessGateway['send'] = async (
    method,
    target,
    headers = [],
    body = '',
    isDefective = false,
    disconnected,
  ) => {
    const [path = '', query = ''] = target.split('?');
    const response = await gateway.serve({
      method,
      path,
      query: [...new URLSearchParams(query)],
      headers: isDefective ? defective(headers) : toHeaderFields(headers),
      ...(disconnected && { disconnected }),
      readBody: typeof body === 'string' ? async () => Buffer.from(body) : body,
    });
    const { status, body: text } = response;
    expectDocumented({ ...response, text }, { method, target });
    const parsed: unknown = text.startsWith('{') ? JSON.parse(text) : {};
    return { status, headers: response.headers, text, body: Object(parsed) };
  };
  return {
    gateway,
    log,
    lines,
    send,
    call(method, target, { headers = {}, caller = 0, disconnected } = {}) {
      const key = keys[caller] ?? '';
      const pairs = Object.entries({ host: 'gateway', 'x-api-key': key, ...headers });
      return send(method, target, pairs, '', false, disconnected);
    },
  };
}

function defective(headers: Pairs): HeaderFields {
  const entries = (): never => {
    throw new Error('a defect');
  };
  return Object.assign(new Map(toHeaderFields(headers)), { [Symbol.iterator]: entries });
}
