// Requests to the playground's own server, which sends for the callers that are not in a browser.

/** @throws Error with the server's sentence */
async function ask(path, options) {
  const response = await fetch(path, options);
  const text = await response.text();
  const json = text === '' ? undefined : JSON.parse(text);
  if (!response.ok && response.status !== 409) throw new Error(json?.error ?? response.statusText);
  return json;
}

const post = (path, body) =>
  ask(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body ?? null),
  });

export const settings = () => ask('/settings');
export const emulatorTasks = () => ask('/_emulator/tasks');
export const emulatorStats = () => ask('/_emulator/stats');
export const resetEmulator = () => post('/_emulator/reset');
/** Replaces the faults that wait for the next requests. */
export const setFaults = (faults) => post('/_emulator/faults', faults);
export const makeToken = (taskId) => post('/token', { taskId });
/** @returns the header fields of a webhook with this body */
export const signWebhook = (body) => post('/signature', { body });
/** @returns `{ path, headers, body }` of what a sender of this kind sends about a task */
export const makeDelivery = (kind, taskId) => post('/delivery', { kind, taskId });
export const apiDocument = () => ask('/docs/openapi.json');
export const callFor = (wanted) => post('/call', wanted);
export const callBatch = (wanted) => post('/batch', wanted);
export const beginFlood = () => post('/flood');
export const floodState = () => ask('/flood');
export const arrivals = () => ask('/arrivals');

/** Sends a request to the gateway by way of the playground: CORS lets no page send a key. */
export async function sendThrough({ path, ...request }) {
  const response = await fetch(`/gateway${path}`, request);
  const { status, statusText, headers } = response;
  return { status, statusText, headers: [...headers], body: await response.text() };
}

/** Waits for the access line, which is written with the response: at most two seconds. */
export async function logOf(requestId) {
  for (let i = 0; i < 20; i++) {
    const lines = await ask(`/log/${encodeURIComponent(requestId)}`);
    if (lines.some(({ event }) => event === 'request')) return lines;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return [];
}
