import { t } from './words.js';

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
  if (worked.length > 0 || !code) return t('Authentication, quota, permission');
  return scheme
    ? t('Authentication, quota, permission: known, but refused, {code}', { code })
    : t('Authentication, quota, permission: refused, {code}', { code });
}

function toStep({ event, granted, action, attempt, outcome, code, ms }) {
  if (event === 'slot') {
    if (!granted) return { kind: 'bad', text: t('A slot upstream: none in time') };
    const isShort = ms < SHORTEST_PAUSE_MS;
    return {
      kind: 'wait',
      text: isShort ? t('A slot upstream, at once') : t('Waiting for a slot upstream'),
    };
  }
  const isCancellation = action === 'CancelTask';
  const what = isCancellation
    ? t('Attempt {attempt}: CancelTask', { attempt })
    : t('Lookup: {action}', { action });
  const result = [t(WORDS[outcome] ?? outcome), outcome !== 'answered' && code].filter(Boolean);
  // A lookup cancels nothing.
  const good = isCancellation ? 'good' : 'gate';
  return { kind: outcome === 'answered' ? good : 'bad', text: [what, ...result].join(t(', ')) };
}

const WORDS = {
  answered: 'answered',
  refused: 'refused',
  'did-not-happen': 'did not happen',
  unknown: 'nobody knows whether it took effect',
};

function pause(before, step) {
  // Between a slot and its call there is only the connection.
  if (!before || before.kind === 'wait' || step.from - before.to < SHORTEST_PAUSE_MS) return [];
  const text = t('Pause before the next call');
  return [{ kind: 'pause', text, from: before.to, to: step.from }];
}
