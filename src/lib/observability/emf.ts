import type { LogFields } from './log.ts';

/**
 * A function's metrics for CloudWatch, which takes them from lines of the log: one for each request, made
 * from the access line. The format:
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */

/** AWS bills each combination; all values are the gateway's own words. */
const DIMENSIONS = [['route'], ['route', 'result']];

const UNITS = {
  requests: 'Count',
  attempts: 'Count',
  totalMs: 'Milliseconds',
  upstreamMs: 'Milliseconds',
  waitMs: 'Milliseconds',
} as const;

/** An observer of the log. */
export function emfLine(written: string, fields: LogFields): string | undefined {
  if (written !== 'request') return undefined;
  const { route = 'none', outcome, code, status, requestId } = fields;
  const values: LogFields = { ...fields, requests: 1 };
  // A metric that is announced has to be there.
  const there = Object.entries(UNITS).filter(([name]) => values[name] !== undefined);
  const Metrics = there.map(([Name, Unit]) => ({ Name, Unit }));
  const directive = { Namespace: 'dlc-task-gateway', Dimensions: DIMENSIONS, Metrics };
  return JSON.stringify({
    _aws: { Timestamp: Date.now(), CloudWatchMetrics: [directive] },
    event: 'metrics',
    route,
    result: code ?? outcome ?? String(status),
    requestId,
    ...Object.fromEntries(there.map(([name]) => [name, values[name]])),
  });
}
