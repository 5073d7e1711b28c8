// A page with "my running tasks" and a Stop button: it lists what its token may read, and cancels what is checked.
// Its origin must be one of the gateway's CORS_ORIGINS:
//
//   CORS_ORIGINS=http://127.0.0.1:8080 npm start
//   python3 -m http.server 8080 --bind 127.0.0.1 --directory examples
//
// Then open http://127.0.0.1:8080/tasks.html. The token needs the scopes tasks:read and tasks:cancel.

/** POST /tasks:cancel takes so many at once. */
const MOST = 100;

const form = document.querySelector('form');
const list = document.querySelector('ul');
const output = document.querySelector('output');

form.addEventListener('submit', (event) => {
  event.preventDefault();
  const act = event.submitter?.value === 'stop' ? stop : show;
  act().catch((error) => {
    output.textContent = error.message;
  });
});

/** Sends a request. @returns the body of its response @throws Error with what the problem says */
async function send(method, path, body) {
  const { gateway, token } = form.elements;
  const response = await fetch(`${gateway.value}${path}`, {
    method,
    headers: {
      Authorization: `Bearer ${token.value}`,
      ...(body && { 'Content-Type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const received = await response.json();
  if (response.ok) return received;
  throw new Error(`${received.code}: ${received.detail}`);
}

/** A page may be empty although more tasks follow: nextCursor says so. A task may be on two pages. */
async function activeTasks() {
  const tasks = new Map();
  let query = 'state=active&limit=100';
  for (;;) {
    const page = await send('GET', `/tasks?${query}`);
    for (const task of page.tasks) tasks.set(task.taskId, task);
    if (page.nextCursor === undefined) return [...tasks.values()];
    query = `state=active&limit=100&cursor=${page.nextCursor}`;
  }
}

async function show() {
  const tasks = await activeTasks();
  list.replaceChildren(...tasks.map(toItem));
  output.textContent = `${tasks.length} tasks`;
}

function toItem({ taskId, state, engine = '' }) {
  const box = Object.assign(document.createElement('input'), { type: 'checkbox', value: taskId });
  const label = document.createElement('label');
  label.append(box, ` ${taskId} ${engine} `, document.createElement('span'));
  label.querySelector('span').textContent = state;
  const item = document.createElement('li');
  item.append(label);
  return item;
}

async function stop() {
  const checked = new Map([...list.querySelectorAll(':checked')].map((box) => [box.value, box]));
  const ids = [...checked.keys()];
  for (let i = 0; i < ids.length; i += MOST) {
    const { results } = await send('POST', '/tasks:cancel', { taskIds: ids.slice(i, i + MOST) });
    for (const { taskId, outcome, code } of results) {
      checked.get(taskId).parentElement.querySelector('span').textContent = outcome ?? code;
    }
  }
  output.textContent = `${ids.length} results`;
}
