/**
 * Cancels a task with an API key, and says what became of it: repeats after `Retry-After`, and asks for the state
 * where only that shows it. Needs Node 20 or newer, and no package.
 *
 *   GATEWAY_API_KEY=dlcgw_… node examples/cancel.js <task id>
 */
import { setTimeout as sleep } from 'node:timers/promises';

const { GATEWAY_URL = 'http://127.0.0.1:9000', GATEWAY_API_KEY = '' } = process.env;
const MOST_ATTEMPTS = 5;
const FINAL = ['cancelled', 'succeeded', 'failed'];

/** Gives the body, and for how many seconds to wait: 0 where nothing will change. */
async function ask(method, taskId) {
  const headers = { 'X-API-Key': GATEWAY_API_KEY, Prefer: 'wait=3' };
  const signal = AbortSignal.timeout(30_000);
  try {
    const url = `${GATEWAY_URL}/tasks/${encodeURIComponent(taskId)}`;
    const response = await fetch(url, { method, headers, signal });
    return { body: await response.json(), wait: Number(response.headers.get('Retry-After') ?? 0) };
  } catch {
    // The request may have arrived all the same.
    return { body: { code: 'no-response', retryable: true, outcomeUnknown: true }, wait: 2 };
  }
}

/** The state of the task, once it is final, or after some time. */
async function stateOf(taskId) {
  for (let attempt = 1; ; attempt += 1) {
    const { body, wait } = await ask('GET', taskId);
    if (body.state && (wait === 0 || attempt === MOST_ATTEMPTS)) return body.state;
    if (body.code && (!body.retryable || attempt === MOST_ATTEMPTS)) return body.code;
    await sleep(wait * 1000);
  }
}

/** What became of the task: `cancelled`, another state, or the code of an error. */
async function cancel(taskId) {
  for (let attempt = 1; ; attempt += 1) {
    const { body, wait } = await ask('DELETE', taskId);
    const { outcome, code, taskState, retryable, outcomeUnknown } = body;
    if (outcome === 'cancelled' || outcome === 'already_cancelled') return 'cancelled';
    if (code === 'task-already-finished' && taskState) return taskState;
    // Cancelling twice does no harm, so an error is repeated even if nobody knows what it did.
    if (retryable && attempt < MOST_ATTEMPTS) await sleep(wait * 1000);
    else if (outcome || outcomeUnknown) return stateOf(taskId);
    else return code;
  }
}

const became = await cancel(process.argv[2] ?? '');
const said = FINAL.includes(became) ? became : `not known to have ended: ${became}`;
process.stdout.write(`${said}\n`);
process.exitCode = became === 'cancelled' ? 0 : 1;
