import { t } from './words.js';

// What a response says about each task.

/** Nothing else is shown as a success: only these cancel something. */
const DONE = new Set(['cancel_requested', 'cancelled']);

const MEANINGS = {
  cancel_requested: 'DLC has accepted the cancellation; it takes effect in a moment.',
  unconfirmed: "Most likely DLC has accepted it: its response was lost. Look at the task's state.",
  cancelled: 'The task is cancelled.',
  already_cancelled: 'The task was cancelled before: this request changed nothing.',
  would_cancel: 'Only a trial: nothing was sent to DLC.',
  ignored: 'The delivery names no task to cancel.',
};
const ACKNOWLEDGED = 'Nothing was cancelled. It is final, so the sender gets a 200 and stops.';

/**
 * The result of each task that was asked for.
 *
 * @param response `{ status, body }`
 * @param taskIds those that were asked for
 * @returns `{ taskId, said, meaning, kind }` of each: `good` if it is being cancelled, `bad` after an error,
 *   else `noted`
 */
export function resultsOf({ status, body }, taskIds) {
  const answer = parsed(body);
  const results = answer.results ?? [{ taskId: taskIds[0], status, ...answer }];
  return results.map((result) => {
    const { taskId, status: own, outcome, code, text } = result;
    const said = [own, outcome ?? code].filter(Boolean).join(' ');
    return { taskId, said, meaning: meaningOf(result), kind: kindOf(own, outcome, result, text) };
  });
}

function kindOf(status, outcome, { confirmed }, text = '') {
  if (status >= 300) return 'bad';
  // Slack gets a text, and nothing else.
  const isDone = DONE.has(outcome) || /: (DLC was asked to cancel it|cancelled)\.$/.test(text);
  return isDone && confirmed !== false ? 'good' : 'noted';
}

function meaningOf({ outcome, confirmed, code, detail, text, outcomeUnknown }) {
  if (text) return text;
  const unknown = outcomeUnknown ? t('Nobody knows whether it took effect.') : '';
  if (code) return [detail, unknown].filter(Boolean).join(' ');
  const isUnsure = outcome === 'cancel_requested' && confirmed === false;
  return t(MEANINGS[isUnsure ? 'unconfirmed' : outcome] ?? ACKNOWLEDGED);
}

/** The kind of all results together: `good` and `bad` only if each of them is. */
export function kindOfAll(results, status) {
  if (status >= 300) return 'bad';
  const kinds = new Set(results.map(({ kind }) => kind));
  return kinds.size === 1 ? [...kinds][0] : 'noted';
}

/** The response in one line. */
export function summaryOf({ status, statusText, body, ms }) {
  const answer = parsed(body);
  const what = answer.outcome ?? answer.text ?? answer.code ?? countsOf(answer.results ?? []);
  const more = [
    answer.confirmed === false && t('not confirmed'),
    answer.outcomeUnknown && t('nobody knows whether it took effect'),
    t('after {ms} ms', { ms }),
  ];
  return [`${status} ${statusText}: ${what}`, ...more.filter(Boolean)].join(t(', '));
}

/** How many tasks of a batch had which result. */
function countsOf(results) {
  const counts = new Map();
  for (const { outcome, code } of results) {
    const name = outcome ?? code;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].map(([name, count]) => `${count} ${name}`).join(', ');
}

/** The body; of an agent's call, the result of the tool. */
function parsed(body) {
  try {
    const json = Object(JSON.parse(body));
    return json.result?.structuredContent ?? json;
  } catch {
    return {};
  }
}
