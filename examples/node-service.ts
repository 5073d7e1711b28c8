/**
 * An internal service that cancels a task with an API key, and retries after `Retry-After`.
 *
 *   npx openapi-typescript@7 http://127.0.0.1:9000/openapi.json -o examples/gateway-api.d.ts
 *   GATEWAY_API_KEY=dlcgw_… node --import tsx examples/node-service.ts <task id>
 */
import { setTimeout as sleep } from 'node:timers/promises';

import createClient from 'openapi-fetch';

import type { paths } from './gateway-api.d.ts';

const MOST_ATTEMPTS = 5;

const gateway = createClient<paths>({
  baseUrl: process.env['GATEWAY_URL'] ?? 'http://127.0.0.1:9000',
  headers: { 'X-API-Key': process.env['GATEWAY_API_KEY'] ?? '' },
});

/** Cancelling twice does no harm, so every `retryable` error is retried after `Retry-After`. */
async function cancelTask(taskId: string): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    const { data, error, response } = await gateway.DELETE('/tasks/{taskId}', {
      params: { path: { taskId }, header: { Prefer: 'wait=3' } },
    });
    if (data) return data.outcome;
    if (!error.retryable || attempt === MOST_ATTEMPTS) {
      throw new Error(`${error.code}: ${error.detail} (request ${error.requestId})`);
    }
    await sleep(Number(response.headers.get('Retry-After')) * 1000);
  }
}

const [taskId = ''] = process.argv.slice(2);
try {
  process.stdout.write(`${await cancelTask(taskId)}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
