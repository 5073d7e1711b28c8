import type { TaskResult } from '../cancellation/batch.ts';
import type { HttpResponse, LoggedResult } from '../http/message.ts';
import { jsonResponse } from '../http/response.ts';
import type { Problem } from '../problems.ts';

type Result = TaskResult<string | null>;

/** What a person reads in Slack. Every part of it is the gateway's own, or the id of a task. */

/** Slack shows the text to the person who gave the command, and to nobody else. */
export function slackResponse(text: string, logged: LoggedResult): HttpResponse {
  const body = { response_type: 'ephemeral', replace_original: false, text };
  return { ...jsonResponse(200, body), logged };
}

/** More results than these are only counted: Slack cuts long texts. */
const MOST_LINES = 20;

export function textOfResults(results: readonly Result[]): string {
  if (results.length === 0) return 'No task was named. Write its id after the command.';
  const lines = results.slice(0, MOST_LINES).map(lineOf);
  const more = results.length - lines.length;
  return [...lines, ...(more > 0 ? [`… and ${more} more.`] : [])].join('\n');
}

/** @param taskIds those that the delivery names, as far as this is known */
export function textOfProblem({ message, kind }: Problem, taskIds: readonly string[]): string {
  const subject = taskIds.length > 0 ? `Task ${taskIds.slice(0, MOST_LINES).join(', ')}: ` : '';
  return `${subject}not cancelled. ${message}${kind.retryable ? AGAIN : ''}`;
}

const AGAIN = ' Please try again.';

const OUTCOMES: Readonly<Record<string, string>> = {
  cancel_requested: 'DLC was asked to cancel it.',
  cancelled: 'cancelled.',
  already_cancelled: 'it was cancelled before.',
};

function lineOf({ taskId, outcome = '', code, ...said }: Result): string {
  const subject = `Task ${taskId ?? '?'}`;
  if (!code) {
    const unsure = said.confirmed === false ? ' No answer confirms it yet.' : '';
    return `${subject}: ${OUTCOMES[outcome] ?? outcome}${unsure}`;
  }
  const { detail = '', retryable = false, outcomeUnknown = false } = said;
  const what = outcomeUnknown ? '' : 'not cancelled. ';
  return `${subject}: ${what}${detail}${retryable ? AGAIN : ''}`;
}
