import type { LogFields, Observer } from './log.ts';

/**
 * A function's metrics for CloudWatch, which takes them from lines of the log (the embedded metric
 * format, https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html):
 * one line for each request, drawn from the access line.
 */

const NAMESPACE = 'dlc-task-gateway';

/** Each combination is a metric that is paid for; all values are the gateway's own words, never a caller's. */
const DIMENSIONS = [['route'], ['route', 'result']];

const UNITS = {
  requests: 'Count',
  attempts: 'Count',
  totalMs: 'Milliseconds',
  upstreamMs: 'Milliseconds',
  waitMs: 'Milliseconds',
} as const;

/** @param now milliseconds since the epoch @param write takes a whole line, its end included */
export function emfObserver(
  now: () => number = Date.now,
  write: (line: string) => void = (line) => process.stdout.write(line),
): Observer {
  return (event, fields) => {
    if (event === 'request') write(`${toEmfLine(now(), fields)}\n`);
  };
}

/** @param fields of an access line */
function toEmfLine(time: number, fields: LogFields): string {
  const { route = 'none', outcome, code, status, requestId, coalesced } = fields;
  const { attempts, totalMs, upstreamMs, waitMs } = fields;
  // What was done once for several callers is counted once.
  const upstream = coalesced ? {} : { attempts, upstreamMs, waitMs };
  const values = { requests: 1, totalMs, ...upstream };
  const metrics = Object.entries(UNITS).filter(([name]) => name in present(values));
  const told = {
    Namespace: NAMESPACE,
    Dimensions: DIMENSIONS,
    Metrics: metrics.map(([Name, Unit]) => ({ Name, Unit })),
  };
  return JSON.stringify({
    _aws: { Timestamp: time, CloudWatchMetrics: [told] },
    event: 'metrics',
    route,
    result: code ?? outcome ?? String(status),
    requestId,
    ...values,
  });
}

/** A metric that is announced has to be there. */
function present(values: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
