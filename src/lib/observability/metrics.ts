import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

import type { ProblemCode } from '../problems.ts';
import type { LogFields, Observer } from './log.ts';

/**
 * The metrics of a server process, in Prometheus' text format; docs/observability.md has the same table
 * for people. All of them are counted from the log's events, at any log level. No value of a
 * label comes from a caller.
 */
export interface Metrics {
  readonly observe: Observer;
  readonly contentType: string;
  text(): Promise<string>;
}

/** Read at every scrape. */
export interface Load {
  readonly inFlight: number;
  readonly waiting: number;
}

/** Seconds: from a refusal up to the longest deadline by default. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10];

function defineMetrics(registry: Registry, load: Load) {
  const registers = [registry];
  const counter = (name: string, labelNames: string[], help: string) =>
    new Counter({ name, help, labelNames, registers });
  const histogram = (name: string, labelNames: string[], help: string) =>
    new Histogram({ name, help, labelNames, registers, buckets: BUCKETS });
  const gauge = (name: string, help: string, read?: () => number) => {
    const made: Gauge = new Gauge({
      name,
      help,
      registers,
      ...(read && { collect: () => made.set(read()) }),
    });
    return made;
  };
  gauge(
    'dlc_gateway_requests_in_flight',
    'Requests that are not answered yet.',
    () => load.inFlight,
  );
  gauge('dlc_gateway_slots_waiting', 'Attempts that wait for a slot upstream.', () => load.waiting);
  return {
    requests: counter(
      'dlc_gateway_requests_total',
      ['route', 'method', 'outcome', 'status'],
      'Requests that were answered.',
    ),
    requestDuration: histogram(
      'dlc_gateway_request_duration_seconds',
      ['route'],
      'Time from the arrival of a request to its answer.',
    ),
    refusals: counter(
      'dlc_gateway_refusals_total',
      ['route', 'code'],
      'Requests that were answered with a problem, by its code.',
    ),
    cancellations: counter(
      'dlc_gateway_cancellations_total',
      ['outcome'],
      'Tasks that a caller wanted to cancel, by what came of it: those of batches and webhooks, too.',
    ),
    upstreamCalls: counter(
      'dlc_gateway_upstream_calls_total',
      ['action', 'outcome', 'code'],
      'Calls to DLC, each attempt one, by how they ended; code is "none" if DLC accepted.',
    ),
    upstreamCallDuration: histogram(
      'dlc_gateway_upstream_call_duration_seconds',
      ['action'],
      'Time that a call to DLC took.',
    ),
    slotWait: histogram(
      'dlc_gateway_slot_wait_seconds',
      ['granted'],
      'Time that an attempt waited for a slot upstream.',
    ),
    crashes: counter(
      'dlc_gateway_crashes_total',
      ['origin'],
      'Errors that nothing had expected, by where they came up.',
    ),
    sharedLimitsUp: gauge(
      'dlc_gateway_shared_limits_up',
      '1 while Redis shares the limits between instances, 0 while this instance has its own.',
    ),
  };
}

/** Handles and heap spaces by Node's internal names answer no question. */
const UNWANTED = /^nodejs_(active_|heap_space_)/;

/** What alerts watch: these series begin at 0, so that the first increase shows. */
const CANCEL_ROUTES = ['/tasks/{taskId}', '/tasks:cancel', '/webhooks/cancel-task'];
const NEVER_EXPECTED = [
  'internal-error',
  'gateway-misconfigured',
  'upstream-credentials-rejected',
  'auth-provider-unavailable',
] as const satisfies ProblemCode[];
const ORIGINS = ['request', 'uncaughtException', 'unhandledRejection', 'observer', 'metrics'];

/** A caller may make up any other method. */
const METHODS: ReadonlySet<unknown> = new Set(['GET', 'HEAD', 'DELETE', 'POST', 'OPTIONS']);

export function createMetrics(load: Load): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, gcDurationBuckets: BUCKETS });
  for (const { name } of registry.getMetricsAsArray()) {
    if (UNWANTED.test(name)) registry.removeSingleMetric(name);
  }
  const metrics = defineMetrics(registry, load);
  // There is no Redis to be up or down until an event tells of it.
  metrics.sharedLimitsUp.remove();
  for (const origin of ORIGINS) metrics.crashes.inc({ origin }, 0);
  metrics.cancellations.inc({ outcome: 'unknown' }, 0);
  for (const route of CANCEL_ROUTES) {
    for (const code of NEVER_EXPECTED) metrics.refusals.inc({ route, code }, 0);
  }
  const counts: Readonly<Record<string, (fields: LogFields) => void>> = {
    request(fields) {
      const { disconnected, method, code, totalMs } = fields;
      metrics.requests.inc({
        ...labels(fields, 'route', 'outcome', 'status'),
        // A response that no client got says nothing about the gateway.
        ...(disconnected === true && { outcome: 'disconnected', status: 'none' }),
        method: METHODS.has(method) ? String(method) : 'other',
      });
      metrics.requestDuration.observe(labels(fields, 'route'), seconds(totalMs));
      if (code !== undefined && !disconnected)
        metrics.refusals.inc(labels(fields, 'route', 'code'));
    },
    audit(fields) {
      if (fields['phase'] !== 'result' || fields['dryRun']) return;
      metrics.cancellations.inc(labels(fields, 'outcome'));
    },
    call(fields) {
      metrics.upstreamCalls.inc(labels(fields, 'action', 'outcome', 'code'));
      metrics.upstreamCallDuration.observe(labels(fields, 'action'), seconds(fields['ms']));
    },
    slot: (fields) => metrics.slotWait.observe(labels(fields, 'granted'), seconds(fields['ms'])),
    crash: (fields) => metrics.crashes.inc(labels(fields, 'origin')),
    'limits-shared': () => metrics.sharedLimitsUp.set(1),
    'limits-own': () => metrics.sharedLimitsUp.set(0),
  };
  return {
    observe(event, fields) {
      counts[event]?.(fields);
      // Not what a counter of prom-client gives back: the log would take it for a line.
      return undefined;
    },
    contentType: registry.contentType,
    text: () => registry.metrics(),
  };
}

/** An absent field is `none`: a series without the label would be another metric. */
function labels(fields: LogFields, ...names: string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, String(fields[name] ?? 'none')]));
}

function seconds(ms: LogFields[string]): number {
  return Number(ms ?? 0) / 1000;
}
