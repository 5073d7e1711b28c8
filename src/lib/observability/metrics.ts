import http from 'node:http';

import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

import type { ProblemCode } from '../problems.ts';
import { stackOf, type LogFields, type ObservedLog } from './log.ts';

/**
 * The metrics of a server process for Prometheus, on a listener of their own: loaded (`metrics.js`) only if
 * `METRICS_PORT` is set. docs/observability.md has the same table for people. All of them are counted from
 * the log's events, at any log level. No value of a label comes from a caller.
 */

/** Read at every scrape. */
interface Load {
  readonly inFlight: number;
  readonly waiting: number;
}

/** Seconds: from a refusal up to the longest deadline by default. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10];

/** Metrics of handles and heap spaces, by Node's internal names: nobody asks for them. */
const UNWANTED = /^nodejs_(active_|heap_space_)/;

/** A caller may make up any other method. */
const METHODS: ReadonlySet<unknown> = new Set(['GET', 'HEAD', 'DELETE', 'POST', 'OPTIONS']);

/** Enough for scrapers and a person who looks. */
const MAX_CONNECTIONS = 16;

/** What is counted, the fields of it that are labels, and what is said of it; the series that begin at 0. */
type Row = readonly [event: string, labels: string[], help: string, atZero?: object[]];

/** What alerts watch begins at 0, so that the first increase shows. */
const CANCEL_ROUTES = [
  '/tasks/{taskId}',
  '/tasks:cancel',
  '/webhooks/cancel-task',
  '/webhooks/{senderId}',
  '/mcp',
];
const NEVER_EXPECTED = [
  'internal-error',
  'gateway-misconfigured',
  'upstream-credentials-rejected',
  'auth-provider-unavailable',
] as const satisfies ProblemCode[];
const ORIGINS = ['request', 'uncaughtException', 'unhandledRejection', 'observer', 'metrics'];

const COUNTERS: Readonly<Record<string, Row>> = {
  requests: ['request', ['route', 'method', 'outcome', 'status'], 'Requests that got a response.'],
  refusals: [
    'refusal',
    ['route', 'code'],
    'Requests that got a problem as their response, by its code.',
    CANCEL_ROUTES.flatMap((route) => NEVER_EXPECTED.map((code) => ({ route, code }))),
  ],
  cancellations: [
    'result',
    ['outcome'],
    'Tasks that a caller wanted to cancel, by what came of it: those of batches and webhooks, too.',
    [{ outcome: 'unknown' }],
  ],
  upstream_calls: [
    'call',
    ['action', 'outcome', 'code'],
    'Calls to DLC, each attempt one, by how they ended; code is "none" if DLC accepted.',
  ],
  crashes: [
    'crash',
    ['origin'],
    'Errors that nothing had expected, by where they came up.',
    ORIGINS.map((origin) => ({ origin })),
  ],
};

/** Of times, which stand in `totalMs` or `ms`. */
const HISTOGRAMS: Readonly<Record<string, Row>> = {
  request_duration: ['request', ['route'], 'Time from the arrival of a request to its response.'],
  upstream_call_duration: ['call', ['action'], 'Time that a call to DLC took.'],
  slot_wait: ['slot', ['granted'], 'Time that an attempt waited for a slot upstream.'],
};

/** Counts the log's events from now on. The registry gives the counts in Prometheus' text format. */
export function createMetrics(log: Pick<ObservedLog, 'observe'>, load: Load): Registry {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry, gcDurationBuckets: BUCKETS });
  for (const { name } of registry.getMetricsAsArray()) {
    if (UNWANTED.test(name)) registry.removeSingleMetric(name);
  }
  const on = (counted: string, count: (fields: LogFields) => void): void =>
    log.observe((event, fields) => {
      if (namesOf(event, fields).includes(counted)) count(fields);
    });
  for (const [key, [event, labelNames, help, atZero = []]] of Object.entries(COUNTERS)) {
    const name = `dlc_gateway_${key}_total`;
    const counter = new Counter({ name, help, labelNames, registers });
    for (const series of atZero) counter.inc({ ...series }, 0);
    on(event, (fields) => counter.inc(labels(event, fields, labelNames)));
  }
  for (const [key, [event, labelNames, help]] of Object.entries(HISTOGRAMS)) {
    const name = `dlc_gateway_${key}_seconds`;
    const histogram = new Histogram({ name, help, labelNames, registers, buckets: BUCKETS });
    on(event, (fields) => {
      const ms = Number(fields['totalMs'] ?? fields['ms'] ?? 0);
      histogram.observe(labels(event, fields, labelNames), ms / 1000);
    });
  }
  const gauge = (key: string, help: string, read?: () => number): Gauge => {
    const collect = read && { collect: (): void => made.set(read()) };
    const made: Gauge = new Gauge({ name: `dlc_gateway_${key}`, help, registers, ...collect });
    return made;
  };
  gauge('requests_in_flight', 'Requests that have no response yet.', () => load.inFlight);
  gauge('slots_waiting', 'Attempts that wait for a slot upstream.', () => load.waiting);
  const isUp =
    '1 while Redis shares the limits between instances, 0 while this instance has its own.';
  const sharedLimitsUp = gauge('shared_limits_up', isUp);
  // There is no Redis to be up or down until an event tells of it.
  sharedLimitsUp.remove();
  on('limits-shared', () => sharedLimitsUp.set(1));
  on('limits-own', () => sharedLimitsUp.set(0));
  return registry;
}

/** What an event of the log is counted as. */
function namesOf(event: string, { phase, dryRun, code, disconnected }: LogFields): string[] {
  if (event === 'audit') return phase === 'result' && !dryRun ? ['result'] : [];
  const isRefusal = event === 'request' && code !== undefined && !disconnected;
  return isRefusal ? [event, 'refusal'] : [event];
}

/** An absent field is `none`: a series without the label would be another metric. */
function labels(event: string, fields: LogFields, names: readonly string[]) {
  const { method, disconnected } = fields;
  const known: LogFields = {
    ...fields,
    method: METHODS.has(method) ? method : 'other',
    // A response that no client got says nothing about the gateway.
    ...(event === 'request' && disconnected && { outcome: 'disconnected', status: 'none' }),
  };
  return Object.fromEntries(names.map((name) => [name, String(known[name] ?? 'none')]));
}

/**
 * Counts from now on, and serves the counts as `GET /metrics`. It never keeps the process alive. If it cannot
 * listen, the log says so, and the gateway goes on: cancelling matters more than counting.
 *
 * @param host `METRICS_HOST`; anybody who reaches it may read the counts
 * @param port 0: any free one
 */
export function startMetrics(log: ObservedLog, load: Load, host: string, port: number): void {
  const metrics = createMetrics(log, load);
  const server = http.createServer((request, response) => {
    respond(request, response, metrics).catch((error: unknown) => {
      log.write('error', 'crash', { origin: 'metrics', stack: stackOf(error) });
      response.destroy();
    });
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.once('error', (error: NodeJS.ErrnoException) => {
    const reason = `cannot listen on ${host}:${port} (${error.code})`;
    log.write('error', 'no-metrics', { reason });
  });
  server.listen(port, host, () => {
    log.write('info', 'metrics-listening', { host, port: Object(server.address()).port });
  });
  server.unref();
}

async function respond(
  { method, url = '' }: http.IncomingMessage,
  response: http.ServerResponse,
  metrics: Registry,
): Promise<void> {
  if (url.split('?')[0] !== '/metrics') return void response.writeHead(404).end();
  if (method !== 'GET' && method !== 'HEAD') {
    return void response.writeHead(405, { Allow: 'GET, HEAD' }).end();
  }
  const text = await metrics.metrics();
  const length = Buffer.byteLength(text);
  response.writeHead(200, { 'Content-Type': metrics.contentType, 'Content-Length': length });
  // After HEAD, Node sends no body.
  response.end(text);
}
