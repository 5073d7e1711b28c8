import { callFor, makeToken } from './server.js';

// How each of the three callers sends a cancellation. All give
// { request: { method, url, headers, body? }, answer: { status, statusText, headers, body, ms } }.

export const SENT_BY = {
  frontend:
    'Sent by this page. The browser asked first whether it may (preflight), and added Origin.',
  webhook: "Signed and sent by the playground's server.",
  key: "Sent by the playground's server.",
};

/** @param wanted `{ taskId, requestId, prefer?, tokenTask }` */
export async function cancelAs(caller, wanted, gateway) {
  const { tokenTask, ...asked } = wanted;
  return caller === 'frontend'
    ? fromThisPage(asked, tokenTask, gateway)
    : callFor({ caller, ...asked });
}

async function fromThisPage({ taskId, requestId, prefer }, tokenTask, gateway) {
  const { token } = await makeToken(tokenTask);
  const request = {
    method: 'DELETE',
    url: `${gateway}/tasks/${encodeURIComponent(taskId)}`,
    headers: {
      Authorization: `Bearer ${token}`,
      'X-Request-Id': requestId,
      ...(prefer && { Prefer: prefer }),
    },
  };
  const begun = performance.now();
  const { url, ...options } = request;
  const response = await fetch(url, options);
  const body = await response.text();
  const { status, statusText } = response;
  const ms = Math.round(performance.now() - begun);
  const answer = { status, statusText, headers: [...response.headers], body, ms };
  return { request: { ...request, origin: location.origin }, answer };
}
