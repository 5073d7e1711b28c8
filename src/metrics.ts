import http from 'node:http';

import { stackOf, type ObservedLog } from './lib/observability/log.ts';
import { createMetrics, type Load, type Metrics } from './lib/observability/metrics.ts';

/** `GET /metrics` on a listener of its own, for Prometheus: loaded (`metrics.js`) only if `METRICS_PORT` is set. */

/** Enough for scrapers and a person who looks. */
const MAX_CONNECTIONS = 16;

/**
 * Counts from now on, and serves the counts. It never keeps the process alive. If it cannot listen, the log
 * says so, and the gateway goes on: cancelling matters more than counting.
 *
 * @param host `METRICS_HOST`; anybody who reaches it may read the counts
 * @param port 0: any free one
 */
export function startMetrics(log: ObservedLog, load: Load, host: string, port: number): void {
  const metrics = createMetrics(load);
  log.observe(metrics.observe);
  const server = http.createServer((request, response) => {
    answer(request, response, metrics).catch((error: unknown) => {
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

async function answer(
  { method, url = '' }: http.IncomingMessage,
  response: http.ServerResponse,
  metrics: Metrics,
): Promise<void> {
  if (url.split('?')[0] !== '/metrics') return void response.writeHead(404).end();
  if (method !== 'GET' && method !== 'HEAD') {
    return void response.writeHead(405, { Allow: 'GET, HEAD' }).end();
  }
  const text = await metrics.text();
  const length = Buffer.byteLength(text);
  response.writeHead(200, { 'Content-Type': metrics.contentType, 'Content-Length': length });
  // After HEAD, Node sends no body.
  response.end(text);
}
