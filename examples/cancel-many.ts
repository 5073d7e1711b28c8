/**
 * A service that cancels a list of tasks with an API key: a hundred at once, and those again that could not be
 * cancelled for now, after `Retry-After`.
 *
 *   npx openapi-typescript@7 http://127.0.0.1:9000/openapi.json -o examples/gateway-api.d.ts
 *   GATEWAY_API_KEY=dlcgw_… node --import tsx examples/cancel-many.ts <task id> …
 */
import { setTimeout as sleep } from 'node:timers/promises';

import createClient from 'openapi-fetch';

import type { components, paths } from './gateway-api.d.ts';

type Result = components['schemas']['CancellationResults']['results'][number];

const AT_ONCE = 100;
const MOST_ROUNDS = 20;

const gateway = createClient<paths>({
  baseUrl: process.env['GATEWAY_URL'] ?? 'http://127.0.0.1:9000',
  headers: { 'X-API-Key': process.env['GATEWAY_API_KEY'] ?? '' },
});

/** @returns the last result of each task */
async function cancelAll(taskIds: readonly string[]): Promise<Map<string, Result>> {
  const last = new Map<string, Result>();
  let left = [...new Set(taskIds)];
  for (let round = 0; left.length > 0 && round < MOST_ROUNDS; round += 1) {
    const some = left.slice(0, AT_ONCE);
    const { data, error, response } = await gateway.POST('/tasks:cancel', {
      body: { taskIds: some },
    });
    // Only the quota is of the whole request; what is owed for the batch before is waited for.
    if (error && !error.retryable) throw new Error(`${error.code}: ${error.detail}`);
    for (const result of data?.results ?? []) last.set(result.taskId, result);
    const again = some.filter((id) => mayTryAgain(last.get(id)));
    left = [...left.slice(AT_ONCE), ...again];
    if (left.length > 0) await sleep(Number(response.headers.get('Retry-After')) * 1000);
  }
  return last;
}

function mayTryAgain(result?: Result): boolean {
  return result === undefined || ('retryable' in result && result.retryable);
}

const results = await cancelAll(process.argv.slice(2));
for (const [taskId, result] of results) {
  process.stdout.write(`${taskId} ${'outcome' in result ? result.outcome : result.code}\n`);
  if (result.status >= 300) process.exitCode = 1;
}
