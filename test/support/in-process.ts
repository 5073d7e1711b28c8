import { createHash } from 'node:crypto';

import { openApiText } from '../../scripts/openapi/document.ts';
import { createApp, type App } from '../../src/app.ts';
import { systemClock, type Clock } from '../../src/lib/clock.ts';
import { toHeaderFields } from '../../src/lib/http/message.ts';
import { createLog } from '../../src/lib/observability/log.ts';
import { loadSettings } from '../../src/settings.ts';
import { expectDocumented } from './documented.ts';

/** A gateway in this process, through the real SDK and real sockets to whatever listens on `port`. */
export interface InProcessGateway {
  readonly gateway: App;
  /** The log's lines, parsed. */
  readonly lines: Record<string, unknown>[];
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
    API_KEYS: JSON.stringify(keys.map(toEntry)),
    ...options.env,
  };
  const config = loadSettings(env, '/');
  const lines: InProcessGateway['lines'] = [];
  const log = createLog(
    config.logLevel,
    () => clock.now(),
    (line) => void lines.push(JSON.parse(line)),
  );
  const gateway = createApp(config, { env, log, clock, random, readDocument: openApiText });
  return {
    gateway,
    lines,
    async call(method, path, { headers = {}, caller = 0, disconnected } = {}) {
      const [pathname = '', query = ''] = path.split('?');
      const pairs = Object.entries({
        host: 'gateway',
        'x-api-key': keys[caller] ?? '',
        ...headers,
      });
      const response = await gateway.serve({
        method,
        path: pathname,
        query: [...new URLSearchParams(query)],
        headers: toHeaderFields(pairs),
        ...(disconnected && { disconnected }),
        readBody: async () => Buffer.alloc(0),
      });
      const { status, body: text } = response;
      expectDocumented({ ...response, text }, { method, target: pathname });
      const body: unknown = text.startsWith('{') ? JSON.parse(text) : {};
      return { status, headers: response.headers, text, body: Object(body) };
    },
  };
}

function toEntry(key: string, i: number): object {
  const sha256 = createHash('sha256').update(key).digest('hex');
  return { id: `c${i}`, sha256, scopes: ['tasks:cancel', 'tasks:read'], rate: '999999/s' };
}
