import { byId, make, say, tabs } from './dom.js';
import { FAULTS, faultsFor } from './faults.js';
import { startRateView } from './rate.js';
import { startResult } from './result.js';
import { callFor, logOf, makeToken, resetEmulator, setFaults, settings } from './server.js';
import { startTasks } from './tasks.js';

const { gateway, floodEngine } = await settings();
const result = startResult();
let caller = 'frontend';
let isBusy = false;

tabs(byId('callers'), (tab) => {
  caller = tab.id.replace('tab-', '');
  for (const panel of document.querySelectorAll('[id^=panel-]')) {
    panel.hidden = panel.getAttribute('aria-labelledby') !== tab.id;
  }
  byId('prefer-row').hidden = caller === 'webhook';
});

byId('fault').append(...FAULTS.map(({ name, label }) => make('option', { value: name }, label)));
byId('fault').addEventListener('change', showNote);
showNote();

function showNote() {
  const { note } = FAULTS.find(({ name }) => name === byId('fault').value);
  say(byId('fault-note'), note);
}

const lookAtTasks = startTasks(floodEngine, (taskId) => void cancel(taskId));

/** Cancels a task, one at a time: the result shows one. */
async function cancel(taskId) {
  if (isBusy) return;
  isBusy = true;
  document.body.classList.add('busy');
  say(byId('summary'), `Cancelling ${taskId} …`);
  byId('summary').className = '';
  // On a phone the result is far below the button.
  byId('result-title').scrollIntoView({ block: 'nearest' });
  try {
    await setFaults(faultsFor(byId('fault').value, byId('times').value, taskId));
    const wanted = {
      taskId,
      requestId: `playground-${crypto.randomUUID()}`,
      ...(byId('prefer').checked && caller !== 'webhook' && { prefer: 'wait=3' }),
    };
    const tokenTask = byId('other-token').checked ? `not-${taskId}`.slice(0, 128) : taskId;
    const sent =
      caller === 'frontend'
        ? await sendFrom(wanted, tokenTask)
        : await callFor({ caller, ...wanted });
    result.show(caller, sent);
    void lookAtTasks();
    result.showLog(await logOf(wanted.requestId));
  } catch (error) {
    result.fail(`There was no response: ${error.message}.`);
  } finally {
    isBusy = false;
    document.body.classList.remove('busy');
  }
}

/**
 * Sends a cancellation from this page, as a frontend does.
 *
 * @returns like `callFor`: the request, and the response with the milliseconds that it took
 */
async function sendFrom({ taskId, requestId, prefer }, tokenTask) {
  const { token } = await makeToken(tokenTask);
  const url = `${gateway}/tasks/${encodeURIComponent(taskId)}`;
  const headers = {
    Authorization: `Bearer ${token}`,
    'X-Request-Id': requestId,
    ...(prefer && { Prefer: prefer }),
  };
  const begun = performance.now();
  const response = await fetch(url, { method: 'DELETE', headers });
  const body = await response.text();
  const { status, statusText } = response;
  const ms = Math.round(performance.now() - begun);
  return {
    request: { method: 'DELETE', url, headers, origin: location.origin },
    response: { status, statusText, headers: [...response.headers], body, ms },
  };
}

byId('reset').addEventListener('click', () => {
  resetEmulator()
    .then(lookAtTasks)
    .then(
      () => say(byId('reset-said'), 'All tasks are as at the start, and no fault waits.'),
      (error) => say(byId('reset-said'), error.message),
    );
});

startRateView();
