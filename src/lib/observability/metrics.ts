import { collectDefaultMetrics, Registry } from 'prom-client';

import type { LogFields, Observer } from './log.ts';
import type { ProblemCode } from '../problems.ts';
import { defineMetrics, LATENCY_BUCKETS } from './metric-definitions.ts';

/**
 * The metrics of a server process, in Prometheus' text format. All of them are counted from the log's
 * events, at any log level: so a metric and the lines of the log never disagree.
 * No value of a label comes from a caller: they are routes, codes and outcomes of the gateway's own.
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

/** Handles and heap spaces by Node's internal names: much to store, and of no use. */
const UNWANTED = /^nodejs_(active_|heap_space_)/;

/** What alerts watch: these series begin at 0, so that the first increase shows. */
const CANCEL_ROUTES = ['/tasks/{taskId}', '/webhooks/cancel-task'];
const NEVER_EXPECTED = [
  'internal-error',
  'gateway-misconfigured',
  'upstream-credentials-rejected',
  'auth-provider-unavailable',
] as const satisfies ProblemCode[];
const ORIGINS = ['request', 'uncaughtException', 'unhandledRejection', 'observer', 'metrics'];

export function createMetrics(load: Load): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, gcDurationBuckets: LATENCY_BUCKETS });
  for (const { name } of registry.getMetricsAsArray()) {
    if (UNWANTED.test(name)) registry.removeSingleMetric(name);
  }
  const metrics = defineMetrics(registry, load);
  // There is no Redis to be up or down until it is heard of.
  metrics.sharedLimitsUp.remove();
  // An increase can be seen only of what was there before.
  for (const origin of ORIGINS) metrics.crashes.inc({ origin }, 0);
  for (const route of CANCEL_ROUTES) {
    for (const code of NEVER_EXPECTED) metrics.refusals.inc({ route, code }, 0);
  }

  const counts: Readonly<Record<string, (fields: LogFields) => void>> = {
    request(fields) {
      const route = text(fields, 'route');
      const method = METHODS.has(text(fields, 'method')) ? text(fields, 'method') : 'other';
      // A response that no client got says nothing about the gateway.
      const isDisconnected = fields['disconnected'] === true;
      const outcome = isDisconnected ? 'disconnected' : text(fields, 'outcome');
      const status = isDisconnected ? 'none' : text(fields, 'status');
      metrics.requests.inc({ route, method, outcome, status });
      metrics.requestDuration.observe({ route }, seconds(fields, 'totalMs'));
      if (fields['code'] !== undefined && !isDisconnected)
        metrics.refusals.inc({ route, code: text(fields, 'code') });
    },
    call(fields) {
      const action = text(fields, 'action');
      const { outcome, code } = { outcome: text(fields, 'outcome'), code: text(fields, 'code') };
      metrics.upstreamCalls.inc({ action, outcome, code });
      metrics.upstreamCallDuration.observe({ action }, seconds(fields, 'ms'));
    },
    slot(fields) {
      metrics.slotWait.observe({ granted: text(fields, 'granted') }, seconds(fields, 'ms'));
    },
    crash: (fields) => metrics.crashes.inc({ origin: text(fields, 'origin') }),
    'limits-shared': () => metrics.sharedLimitsUp.set(1),
    'limits-own': () => metrics.sharedLimitsUp.set(0),
  };
  return {
    observe: (event, fields) => counts[event]?.(fields),
    contentType: registry.contentType,
    text: () => registry.metrics(),
  };
}

/** A method may be any word that a caller makes up. */
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'DELETE', 'POST', 'OPTIONS']);

/** What is absent is a value too: a series with a label missing would be another metric. */
function text(fields: LogFields, name: string): string {
  return String(fields[name] ?? 'none');
}

function seconds(fields: LogFields, name: string): number {
  return Number(fields[name] ?? 0) / 1000;
}
