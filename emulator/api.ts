import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { admit, askedFor } from './admit.ts';
import type { Call } from './admit.ts';
import type { Cloud } from './cloud.ts';
import { describeTasks } from './describe-tasks.ts';
import { ApiError, errorBody, successBody } from './envelope.ts';
import { sendFault } from './fault-responses.ts';
import type { RequestFault } from './faults.ts';
import { readBody, send } from './http.ts';
import { visibleHeaders } from './journal.ts';
import type { JournalEntry } from './journal.ts';
import { optionalString, requireKnown } from './params.ts';
import type { Params } from './params.ts';
import type { SignedRequest } from './signature.ts';
import type { TaskStore } from './tasks.ts';

/** The API takes bodies of up to 10 MB with TC3-HMAC-SHA256 [doc]. */
const maxBodyBytes = 10 * 1024 * 1024;

/** A response's body, and its outcome in the journal. */
interface Outcome {
  body: string;
  outcome: string;
}

/**
 * Serves one request to the API: adds it to the journal, checks it, applies a fault if one waits for it,
 * acts, and responds.
 *
 * @param signal ends the wait of a `delay`
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
  if ('outcome' in call) return sendOutcome(response, entry, call);
  const fault = cloud.faults.take(call.action, entry.taskIds);
  if (fault === undefined) return sendOutcome(response, entry, perform(cloud, call));
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

function perform(cloud: Cloud, { action, params, region }: Call): Outcome {
  return attempt(() => {
    const data =
      action === 'CancelTask'
        ? cancelTask(cloud.tasks, params(), region)
        : describeTasks(cloud, params(), region);
    return { body: successBody(data), outcome: 'ok' };
  });
}

const cancelTaskParams: ReadonlySet<string> = new Set(['TaskId']);

/**
 * CancelTask: `{TaskId}` gives nothing but a RequestId.
 *
 * @throws ApiError for wrong parameters, and as {@link TaskStore.cancel} does
 */
function cancelTask(
  tasks: Pick<TaskStore, 'cancel'>,
  params: Params,
  region: string,
): Record<string, never> {
  requireKnown(params, cancelTaskParams);
  const id = optionalString(params, 'TaskId');
  if (id === undefined) {
    throw new ApiError('MissingParameter', 'The request is missing a required parameter `TaskId`.');
  }
  if (id === '') throw new ApiError('InvalidParameter.ParameterNotFoundOrBeNone');
  tasks.cancel(id, region);
  return {};
}

/** Turns an error of the API into its response. Any other error is a mistake of the emulator: it is thrown. */
function attempt<T>(act: () => T): T | Outcome {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return { body: errorBody(error.code, error.message), outcome: error.code };
  }
}

function sendOutcome(
  response: ServerResponse,
  entry: JournalEntry,
  { outcome, body }: Outcome,
): void {
  entry.outcome = outcome;
  send(response, body);
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
