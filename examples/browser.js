// A frontend that cancels a task with a token, then asks for the state until the task has ended.
// Its origin must be one of the gateway's CORS_ORIGINS:
//
//   CORS_ORIGINS=http://127.0.0.1:8080 npm start
//   python3 -m http.server 8080 --bind 127.0.0.1 --directory examples
//
// and http://127.0.0.1:8080/browser.html; npm start prints a token.

const form = document.querySelector('form');
const output = document.querySelector('output');

form.addEventListener('submit', (event) => {
  event.preventDefault();
  const { gateway, task, token } = form.elements;
  const url = `${gateway.value}/tasks/${encodeURIComponent(task.value)}`;
  cancel(askerFor(url, token.value)).catch((error) => {
    output.textContent = `The gateway cannot be reached from here: ${error.message}`;
  });
});

/** @returns a function that sends one request, and gives its answer with the seconds to wait after it */
function askerFor(url, token) {
  return async (method) => {
    const headers = { Authorization: `Bearer ${token}` };
    const response = await fetch(url, { method, headers });
    const retryAfter = Number(response.headers.get('Retry-After'));
    return { ok: response.ok, retryAfter, body: await response.json() };
  };
}

async function cancel(ask) {
  let answer = await ask('DELETE');
  show(answer);
  // Retry-After is there as long as it is worth asking again.
  while (answer.ok && answer.retryAfter > 0) {
    await new Promise((resolve) => setTimeout(resolve, answer.retryAfter * 1000));
    answer = await ask('GET');
    show(answer);
  }
}

function show({ ok, body }) {
  output.textContent = ok ? (body.outcome ?? body.state) : `${body.code}: ${body.detail}`;
}
