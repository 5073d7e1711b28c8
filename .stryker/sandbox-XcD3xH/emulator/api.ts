import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { cancelTask } from './actions/cancel-task.ts';
import { describeTasks } from './actions/describe-tasks.ts';
import { admit, askedFor } from './admit.ts';
import type { Call } from './admit.ts';
import type { Cloud } from './cloud.ts';
import { errorBody, successBody } from './envelope.ts';
import { ApiError } from './errors.ts';
import { send, sendFault } from './fault-responses.ts';
import type { RequestFault } from './faults.ts';
import { visibleHeaders } from './journal.ts';
import type { JournalEntry } from './journal.ts';
import { readBody } from './read-body.ts';
import type { SignedRequest } from './signature.ts';

/** The API takes bodies of up to 10 MB with TC3-HMAC-SHA256 [doc]. */
const maxBodyBytes = 10 * 1024 * 1024;

/** An answer, and the word for it in the journal. */
interface Answer {
  body: string;
  outcome: string;
}

/**
 * Serves one request to the API: note it, admit it, let a fault meet it, act, answer.
 *
 * @param signal ends what a `delay` waits for
 */
export async function serveApi(
  cloud: Cloud,
  request: IncomingMessage,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  const body = await readBody(request, maxBodyBytes);
  const signed = signedRequest(request, body ?? new Uint8Array());
  const entry = cloud.journal.add(journalEntry(cloud, signed));
  const call = attempt(() => {
    if (body === undefined) throw new ApiError('RequestSizeLimitExceeded');
    return admit(cloud, signed);
  });
  if ('outcome' in call) return sendAnswer(response, entry, call);
  const fault = cloud.faults.take(call.action, entry.taskIds);
  if (fault === undefined) return sendAnswer(response, entry, perform(cloud, call));
  entry.outcome = `fault:${fault.kind}`;
  return meetFault(cloud, call, fault, response, signal);
}

async function meetFault(
  cloud: Cloud,
  call: Call,
  fault: RequestFault,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  const takesEffectFirst = fault.accept || fault.kind === 'reset-after';
  const early = takesEffectFirst ? perform(cloud, call) : undefined;
  if (fault.kind !== 'delay') return sendFault(response, fault);
  await sleep(fault.ms, undefined, { signal });
  const { body } = early ?? perform(cloud, call);
  return send(response, body);
}

function perform(cloud: Cloud, { action, params, region }: Call): Answer {
  return attempt(() => {
    const data =
      action === 'CancelTask'
        ? cancelTask(cloud.tasks, params(), region)
        : describeTasks(cloud.tasks, params(), region);
    return { body: successBody(data), outcome: 'ok' };
  });
}

/** Turns what the API refuses into its answer; anything else is the emulator's own fault, and goes on. */
function attempt<T>(act: () => T): T | Answer {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return { body: errorBody(error.code, error.message), outcome: error.code };
  }
}

function sendAnswer(response: ServerResponse, entry: JournalEntry, answer: Answer): void {
  entry.outcome = answer.outcome;
  send(response, answer.body);
}

function signedRequest(request: IncomingMessage, body: Uint8Array): SignedRequest {
  const { method = '', url = '', rawHeaders } = request;
  const questionMark = url.indexOf('?');
  return { method, query: questionMark < 0 ? '' : url.slice(questionMark + 1), rawHeaders, body };
}

function journalEntry(cloud: Cloud, request: SignedRequest): JournalEntry {
  return {
    at: new Date(cloud.clock.wallMs()).toISOString(),
    method: request.method,
    ...askedFor(request),
    headers: visibleHeaders(request.rawHeaders),
    outcome: null,
  };
}
