import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Seconds: from an answer of the gateway's own up to the longest deadline that is set by default. */
export const LATENCY_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10];

/** Every metric of the gateway's own; docs/observability.md has the same table for people. */
export function defineMetrics(
  registry: Registry,
  load: { readonly underWay: number; readonly waiting: number },
) {
  const registers = [registry];
  const buckets = LATENCY_BUCKETS;
  return {
    requests: new Counter({
      name: 'dlc_gateway_requests_total',
      help: 'Requests that were answered.',
      labelNames: ['route', 'method', 'outcome', 'status'],
      registers,
    }),
    requestDuration: new Histogram({
      name: 'dlc_gateway_request_duration_seconds',
      help: 'Time from the arrival of a request to its answer.',
      labelNames: ['route'],
      buckets,
      registers,
    }),
    refusals: new Counter({
      name: 'dlc_gateway_refusals_total',
      help: 'Requests that were answered with a problem, by its code.',
      labelNames: ['route', 'code'],
      registers,
    }),
    coalesced: new Counter({
      name: 'dlc_gateway_coalesced_total',
      help: 'Requests that joined a cancellation that was under way.',
      registers,
    }),
    upstreamCalls: new Counter({
      name: 'dlc_gateway_upstream_calls_total',
      help: 'Calls to DLC, each attempt one, by how they ended; code is "none" where DLC accepted.',
      labelNames: ['action', 'outcome', 'code'],
      registers,
    }),
    upstreamCallDuration: new Histogram({
      name: 'dlc_gateway_upstream_call_duration_seconds',
      help: 'Time that a call to DLC took.',
      labelNames: ['action'],
      buckets,
      registers,
    }),
    turnWait: new Histogram({
      name: 'dlc_gateway_turn_wait_seconds',
      help: 'Time that an attempt waited for its turn upstream.',
      labelNames: ['granted'],
      buckets,
      registers,
    }),
    crashes: new Counter({
      name: 'dlc_gateway_crashes_total',
      help: 'Errors that nothing had expected, by where they came up.',
      labelNames: ['origin'],
      registers,
    }),
    sharedLimitsUp: new Gauge({
      name: 'dlc_gateway_shared_limits_up',
      help: '1 while Redis shares the limits between instances, 0 while this instance has its own.',
      registers,
    }),
    requestsUnderWay: new Gauge({
      name: 'dlc_gateway_requests_under_way',
      help: 'Requests that are not answered yet.',
      registers,
      collect() {
        this.set(load.underWay);
      },
    }),
    turnsWaiting: new Gauge({
      name: 'dlc_gateway_turns_waiting',
      help: 'Attempts that wait for their turn upstream.',
      registers,
      collect() {
        this.set(load.waiting);
      },
    }),
  };
}
