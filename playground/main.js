import { byId, make, say, tabs } from './dom.js';
import { FAULTS, faultsFor } from './faults.js';
import { startRateView } from './rate.js';
import { startResult } from './result.js';
import {
  callBatch,
  callFor,
  logOf,
  makeToken,
  resetEmulator,
  setFaults,
  settings,
} from './server.js';
import { chosenTasks, nextRunningTask, startTasks } from './tasks.js';
import { language, t, translatePage } from './words.js';

translatePage();

const { gateway, floodEngine, kinds } = await settings();
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

byId('kind').append(...kinds.map((kind) => make('option', { value: kind }, kind)));
byId('fault').append(...FAULTS.map(({ name, label }) => make('option', { value: name }, t(label))));
byId('fault').addEventListener('change', showFault);
showFault();

function showFault() {
  const { name, label, note } = FAULTS.find((fault) => fault.name === byId('fault').value);
  say(byId('fault-note'), t(note));
  byId('armed').hidden = name === 'none';
  say(byId('armed'), t('Set under 4: the next cancellation {fault}.', { fault: t(label) }));
}

const lookAtTasks = startTasks(floodEngine, (taskId) => void cancel(taskId));

/** Cancels a task. */
function cancel(taskId) {
  return showing(caller, [taskId], async (requestId) => {
    const wanted = {
      taskId,
      requestId,
      language,
      ...(byId('prefer').checked && caller !== 'webhook' && { prefer: 'wait=3' }),
      ...(caller === 'webhook' && byId('kind').value && { kind: byId('kind').value }),
    };
    const tokenTask = byId('other-token').checked ? `not-${taskId}`.slice(0, 128) : taskId;
    return caller === 'frontend' ? sendFrom(wanted, tokenTask) : callFor({ caller, ...wanted });
  });
}

/** Cancels all tasks that are chosen, with one request. The fault meets the first of them. */
function cancelChosen(dryRun) {
  const taskIds = chosenTasks();
  if (taskIds.length === 0) return result.fail(t('Choose tasks first.'));
  return showing('key', taskIds, (requestId) =>
    callBatch({ taskIds, dryRun, requestId, language }),
  );
}

byId('cancel-chosen').addEventListener('click', () => void cancelChosen(false));
byId('dry-run').addEventListener('click', () => void cancelChosen(true));
byId('try-fault').addEventListener('click', () => {
  const taskId = nextRunningTask();
  if (taskId) void cancel(taskId);
  else result.fail(t('No task is running any more: start anew.'));
});

/** Sends one request at a time, since the result shows one. */
async function showing(sender, taskIds, send) {
  if (isBusy) return;
  isBusy = true;
  document.body.classList.add('busy');
  say(byId('reset-said'), '');
  say(byId('summary'), t('Cancelling {tasks} …', { tasks: taskIds.join(', ') }));
  byId('summary').className = '';
  // On a phone the result is far below the button.
  byId('result-title').scrollIntoView({ block: 'nearest' });
  try {
    await setFaults(faultsFor(byId('fault').value, byId('times').value, taskIds[0]));
    const requestId = `playground-${crypto.randomUUID()}`;
    result.show(sender, taskIds, await send(requestId));
    document.body.classList.remove('fresh');
    void lookAtTasks();
    result.showLog(await logOf(requestId));
  } catch (error) {
    result.fail(t('There was no response: {reason}.', { reason: error.message }));
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
    'Accept-Language': language,
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
      () => say(byId('reset-said'), t('All tasks are as at the start.')),
      (error) => say(byId('reset-said'), error.message),
    );
});

startRateView();
