import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Seconds: from a response that needs no call up to the longest deadline that is set by default. */
export const LATENCY_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10];

/** Every metric of the gateway's own; docs/observability.md has the same table for people. */
export function defineMetrics(
  registry: Registry,
  load: { readonly inFlight: number; readonly waiting: number },
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
    upstreamCalls: new Counter({
      name: 'dlc_gateway_upstream_calls_total',
      help: 'Calls to DLC, each attempt one, by how they ended; code is "none" if DLC accepted.',
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
    slotWait: new Histogram({
      name: 'dlc_gateway_slot_wait_seconds',
      help: 'Time that an attempt waited for a slot upstream.',
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
    requestsInFlight: new Gauge({
      name: 'dlc_gateway_requests_in_flight',
      help: 'Requests that are not answered yet.',
      registers,
      collect() {
        this.set(load.inFlight);
      },
    }),
    slotsWaiting: new Gauge({
      name: 'dlc_gateway_slots_waiting',
      help: 'Attempts that wait for a slot upstream.',
      registers,
      collect() {
        this.set(load.waiting);
      },
    }),
  };
}
