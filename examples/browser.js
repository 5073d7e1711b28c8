// A frontend that cancels a task with a token, then polls its state until the task has ended.
// Its origin must be one of the gateway's CORS_ORIGINS:
//
//   CORS_ORIGINS=http://127.0.0.1:8080 npm start
//   python3 -m http.server 8080 --bind 127.0.0.1 --directory examples
//
// Then open http://127.0.0.1:8080/browser.html; npm start prints a task and its token (lines under 2).

const form = document.querySelector('form');
const output = document.querySelector('output');

form.addEventListener('submit', (event) => {
  event.preventDefault();
  const { gateway, task, token } = form.elements;
  const url = `${gateway.value}/tasks/${encodeURIComponent(task.value)}`;
  cancel(senderFor(url, token.value)).catch((error) => {
    output.textContent = `The gateway cannot be reached from here: ${error.message}`;
  });
});

/** @returns a function that sends one request, and resolves to its body and the seconds to wait after it */
function senderFor(url, token) {
  return async (method) => {
    const headers = { Authorization: `Bearer ${token}` };
    const response = await fetch(url, { method, headers });
    const retryAfter = Number(response.headers.get('Retry-After'));
    return { ok: response.ok, retryAfter, body: await response.json() };
  };
}

async function cancel(send) {
  let result = await send('DELETE');
  show(result);
  // A response has Retry-After until the task has ended.
  while (result.ok && result.retryAfter > 0) {
    await new Promise((resolve) => setTimeout(resolve, result.retryAfter * 1000));
    result = await send('GET');
    show(result);
  }
}

function show({ ok, body }) {
  output.textContent = ok ? (body.outcome ?? body.state) : `${body.code}: ${body.detail}`;
}
