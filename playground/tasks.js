import { byId, make, say } from './dom.js';
import { emulatorTasks } from './server.js';
import { t } from './words.js';

const LOOK_MS = 1000;

/** The ids of the tasks that are chosen. */
export const chosenTasks = () =>
  [...byId('tasks').querySelectorAll(':checked')].map(({ value }) => value);

/** The id of the first task that runs, if one does. */
export const nextRunningTask = () =>
  byId('tasks').querySelector('tr:has(.running) [type=checkbox]')?.value;

/**
 * The list of tasks, updated once a second. Rows stay, so that the focus stays too.
 *
 * @param floodEngine tasks of this engine belong to the rate view
 * @param cancel called with a task's id when its button is pressed
 * @returns a function that updates the list now, and resolves to the ids
 */
export function startTasks(floodEngine, cancel) {
  const rows = new Map();

  function rowFor(id) {
    const button = make('button', { 'aria-label': t('Cancel {id}', { id }) }, t('Cancel'));
    button.addEventListener('click', () => cancel(id));
    const state = make('td', {});
    const label = t('Choose {id}', { id });
    const box = make('input', { type: 'checkbox', value: id, 'aria-label': label });
    const name = make('th', { scope: 'row' }, id);
    const row = make('tr', {}, make('td', {}, box), name, state, make('td', {}, button));
    return { row, state };
  }

  async function look() {
    const all = await emulatorTasks();
    const tasks = all.filter(({ engine }) => engine !== floodEngine).toReversed();
    const ids = tasks.map(({ id }) => id);
    for (const [id, { row }] of rows) {
      if (ids.includes(id)) continue;
      row.remove();
      rows.delete(id);
    }
    for (const { id, state, cancelling } of tasks) {
      if (!rows.has(id)) rows.set(id, rowFor(id));
      const { row, state: cell } = rows.get(id);
      const now = t(cancelling ? 'being cancelled' : state);
      if (cell.textContent !== now) {
        cell.replaceChildren(
          make('span', { class: `state ${cancelling ? 'ending' : state}` }, now),
        );
      }
      if (!row.isConnected) byId('tasks').append(row);
    }
    return ids;
  }

  async function goOn() {
    if (!document.hidden)
      await look().catch(() => say(byId('reset-said'), t('npm start has ended.')));
    setTimeout(() => void goOn(), LOOK_MS);
  }
  void goOn();
  return look;
}
