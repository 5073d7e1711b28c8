// What the emulator can be told to do to the next cancellation, and what to expect of the gateway then.

export const FAULTS = [
  {
    name: 'none',
    label: 'is taken as usual',
    note: 'A 202: DLC has accepted the cancellation, and it takes effect a moment later.',
  },
  {
    name: 'lost',
    label: 'takes effect, but the answer is lost',
    fault: { kind: 'reset-after', accept: true },
    note:
      'The connection breaks after DLC has accepted. The gateway tries again, hears a refusal, and looks the ' +
      'task up: a 200 all the same, for what was asked for is done. (A 202 that is not confirmed where DLC ' +
      'was still at it then.)',
  },
  {
    name: 'reset-before',
    label: 'is lost on the way there',
    fault: { kind: 'reset-before' },
    note: 'The connection breaks before DLC has seen it. The next attempt succeeds: a 202, a little later.',
  },
  {
    name: 'delay',
    label: 'is answered two seconds late',
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
    label: 'is never answered',
    fault: { kind: 'hang' },
    note:
      'After 3 seconds the gateway gives the attempt up and tries again. Every time: a 504 with ' +
      'outcomeUnknown by its deadline of 10 seconds, for nobody knows whether it took effect.',
  },
  {
    name: 'unavailable',
    label: 'meets a 503 of HTTP',
    fault: { kind: 'status', status: 503 },
    note: 'Nobody knows whether that took effect: the gateway tries again, and looks the task up.',
  },
  {
    name: 'nonsense',
    label: 'is answered with a page of HTML',
    fault: { kind: 'html' },
    note: 'An answer that makes no sense settles nothing: the gateway tries again.',
  },
];

/** What `POST /_emulator/faults` takes; an empty list where nothing is to happen. */
export function faultsFor(name, times, taskId) {
  const { fault } = FAULTS.find((each) => each.name === name) ?? {};
  const count = times === 'always' ? times : 1;
  return fault ? [{ action: 'CancelTask', taskId, times: count, ...fault }] : [];
}
