// What the gateway did for a request, from the lines of its log: `request` with the response, `slot` when
// an attempt got a slot upstream or none, `call` when a call to DLC had ended.

/** Shorter pauses are not shown. */
const SHORTEST_PAUSE_MS = 5;

/**
 * @param lines of one request
 * @returns the steps in their order, `{ kind, text, from, to }` in milliseconds since the request arrived,
 *   and `totalMs`; undefined without the line `request`
 */
export function toTimeline(lines) {
  const request = lines.find(({ event }) => event === 'request');
  if (!request) return undefined;
  const { totalMs } = request;
  const begun = Date.parse(request.time) - totalMs;
  const within = (ms) => Math.min(Math.max(Math.round(ms), 0), totalMs);
  const worked = lines
    .filter(({ event }) => event === 'slot' || event === 'call')
    .map((line) => {
      const to = within(Date.parse(line.time) - begun);
      return { ...toStep(line), from: within(to - line.ms), to };
    });
  const first = {
    kind: 'gate',
    text: gateText(request, worked),
    from: 0,
    to: worked[0]?.from ?? totalMs,
  };
  const steps = [first, ...worked];
  return {
    totalMs,
    steps: steps.flatMap((step, index) => [...pause(steps[index - 1], step), step]),
  };
}

function gateText({ scheme, code }, worked) {
  const checked = 'Authentication, quota, permission';
  if (worked.length > 0 || !code) return checked;
  return `${checked}: ${scheme ? 'known, but refused' : 'refused'}, ${code}`;
}

function toStep({ event, granted, action, attempt, outcome, code, ms }) {
  if (event === 'slot') {
    const waited =
      ms < SHORTEST_PAUSE_MS ? 'A slot upstream, at once' : 'Waiting for a slot upstream';
    return granted
      ? { kind: 'wait', text: waited }
      : { kind: 'bad', text: 'A slot upstream: none in time' };
  }
  const what = action === 'CancelTask' ? `Attempt ${attempt}: CancelTask` : `Lookup: ${action}`;
  const result = outcome === 'answered' ? 'answered' : `${WORDS[outcome] ?? outcome}, ${code}`;
  return { kind: outcome === 'answered' ? 'good' : 'bad', text: `${what}, ${result}` };
}

const WORDS = {
  refused: 'refused',
  'did-not-happen': 'did not happen',
  unknown: 'nobody knows whether it took effect',
};

function pause(before, step) {
  // Between a slot and its call there is only the connection.
  if (!before || before.kind === 'wait' || step.from - before.to < SHORTEST_PAUSE_MS) return [];
  const text = 'Pause before the next attempt or lookup';
  return [{ kind: 'pause', text, from: before.to, to: step.from }];
}
