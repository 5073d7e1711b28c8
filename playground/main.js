import { cancelAs } from './callers.js';
import { byId, make, say } from './dom.js';
import { FAULTS, faultsFor } from './faults.js';
import { startRateView } from './rate.js';
import { startResult } from './result.js';
import { logOf, resetEmulator, setFaults, settings } from './server.js';
import { tabs } from './tabs.js';
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

/** One at a time: the result has room for one. */
async function cancel(taskId) {
  if (isBusy) return;
  isBusy = true;
  document.body.classList.add('busy');
  say(byId('summary'), `Cancelling ${taskId} …`);
  byId('summary').className = '';
  // On a phone it is far below the button.
  byId('result-title').scrollIntoView({ block: 'nearest' });
  try {
    await setFaults(faultsFor(byId('fault').value, byId('times').value, taskId));
    const wanted = {
      taskId,
      requestId: `playground-${crypto.randomUUID()}`,
      ...(byId('prefer').checked && caller !== 'webhook' && { prefer: 'wait=3' }),
      tokenTask: byId('other-token').checked ? `not-${taskId}`.slice(0, 128) : taskId,
    };
    const sent = await cancelAs(caller, wanted, gateway);
    result.show(caller, sent);
    void lookAtTasks();
    result.showLog(await logOf(wanted.requestId));
  } catch (error) {
    result.fail(`There was no answer: ${error.message}.`);
  } finally {
    isBusy = false;
    document.body.classList.remove('busy');
  }
}

byId('reset').addEventListener('click', () => {
  resetEmulator()
    .then(lookAtTasks)
    .then(
      () => say(byId('reset-said'), 'All tasks are as they were, and no fault waits.'),
      (error) => say(byId('reset-said'), error.message),
    );
});

startRateView();
