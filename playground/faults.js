// The faults that the emulator can apply to the next cancellation, and what the gateway then does.

export const FAULTS = [
  {
    name: 'none',
    label: 'is taken as usual',
    note: 'A 202: DLC has accepted the cancellation, and it takes effect a moment later.',
  },
  {
    name: 'lost',
    label: 'takes effect, but the response is lost',
    fault: { kind: 'reset-after', accept: true },
    note:
      'The connection breaks after DLC has accepted. The gateway tries again, is refused, and looks the task ' +
      'up: a 200 all the same, since the task is cancelled. (A 202 that is not confirmed if DLC was still ' +
      'cancelling it then.)',
  },
  {
    name: 'reset-before',
    label: 'is lost on the way there',
    fault: { kind: 'reset-before' },
    note: 'The connection breaks before DLC has seen it. The next attempt succeeds: a 202, a little later.',
  },
  {
    name: 'delay',
    label: 'gets its response two seconds late',
    fault: { kind: 'delay', ms: 2000 },
    note: 'Within the 3 seconds that an attempt has: a 202, two seconds later.',
  },
  {
    name: 'rate',
    label: 'is refused: RequestLimitExceeded',
    fault: { kind: 'code', code: 'RequestLimitExceeded' },
    note: 'It did not happen, so it is safe to try again. Every time: a 429 with Retry-After.',
  },
  {
    name: 'hang',
    label: 'gets no response',
    fault: { kind: 'hang' },
    note:
      'After 3 seconds the gateway ends the attempt and tries again. Every time: a 504 with ' +
      'outcomeUnknown by its deadline of 10 seconds, since nobody knows whether it took effect.',
  },
  {
    name: 'unavailable',
    label: 'gets an HTTP 503',
    fault: { kind: 'status', status: 503 },
    note: 'Nobody knows whether that took effect: the gateway tries again, and looks the task up.',
  },
  {
    name: 'nonsense',
    label: 'gets a page of HTML',
    fault: { kind: 'html' },
    note: 'Such a response says nothing about the task: the gateway tries again.',
  },
];

/** The body for `POST /_emulator/faults`; an empty list for no fault. */
export function faultsFor(name, times, taskId) {
  const { fault } = FAULTS.find((each) => each.name === name) ?? {};
  const count = times === 'always' ? times : 1;
  return fault ? [{ action: 'CancelTask', taskId, times: count, ...fault }] : [];
}
