import { createHmac, timingSafeEqual } from 'node:crypto';

import { isJsonObject, valueAt, type JsonObject } from '../auth/json-pointer.ts';
import type { TaskRef } from '../tasks.ts';
import { metaOf } from './protocol.ts';

/**
 * A person's word for a cancellation, by multi round-trip requests (2026-07-28). Nothing is kept: the client brings back
 * `requestState`, an expiry with a MAC over it, the principal and what was asked for.
 */

/** How long a person may think. */
const CONFIRM_MS = 120_000;

export interface Asked {
  readonly principal: string;
  readonly tool: string;
  readonly args: JsonObject;
  /** What the arguments come to: the region may be the gateway's default. */
  readonly tasks: readonly TaskRef[];
  readonly secret: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

interface Unconfirmed {
  readonly refusal: { readonly detail?: string };
  readonly question?: object;
}

/** @param params of the call @returns nothing if a person has agreed; else why not, and perhaps what to ask */
export function whyNotConfirmed(asked: Asked, params: JsonObject): Unconfirmed | undefined {
  const shows = valueAt(metaOf(params, 'clientCapabilities'), ['elicitation']);
  // An empty object stands for forms.
  if (!isJsonObject(shows) || ('url' in shows && !('form' in shows))) return { refusal: {} };
  const { requestState: state } = params;
  if (state !== undefined && !isOurs(state, asked)) {
    return refused('The confirmation is for another call, or too old. Call again without it.');
  }
  const [action, agrees] = [['action'], ['content', 'confirm']].map((path) =>
    valueAt(params, ['inputResponses', 'confirm', ...path]),
  );
  if (state === undefined || action === undefined) return ask(asked);
  const isAgreed = action === 'accept' && agrees !== false;
  return isAgreed ? undefined : refused('The person who was asked did not confirm it.');
}

const refused = (detail: string): Unconfirmed => ({ refusal: { detail } });

function ask(asked: Asked): Unconfirmed {
  const { tasks } = asked;
  const ids = tasks.map(({ taskId }) => taskId).join(', ');
  const what = tasks.length === 1 ? 'this DLC task' : `these ${tasks.length} DLC tasks`;
  const message = `Cancel ${what} in ${tasks[0]?.region}? It cannot be undone. ${ids}`;
  // An empty form: to accept it is to agree.
  const params = { mode: 'form', message, requestedSchema: { type: 'object', properties: {} } };
  const inputRequests = { confirm: { method: 'elicitation/create', params } };
  const requestState = stateUntil(asked.now + CONFIRM_MS, asked);
  const question = { resultType: 'input_required', inputRequests, requestState };
  return { ...refused('A person is asked to confirm it.'), question };
}

function stateUntil(expiry: number, { principal, tool, args, tasks, secret }: Asked): string {
  const sorted = Object.entries(args).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const text = JSON.stringify([principal, tool, sorted, tasks, expiry]);
  return `${expiry}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}

function isOurs(state: unknown, asked: Asked): boolean {
  const expiry = typeof state === 'string' ? Number(/^(\d{1,15})\./.exec(state)?.[1]) : NaN;
  if (!(asked.now < expiry)) return false;
  const [ours, theirs] = [stateUntil(expiry, asked), String(state)].map((one) => Buffer.from(one));
  return ours !== undefined && theirs?.length === ours.length && timingSafeEqual(ours, theirs);
}
