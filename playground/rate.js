import { busiestBySteps } from './busiest.js';
import { byId, makeSvg, say } from './dom.js';
import { arrivals, beginFlood, emulatorStats, floodState } from './server.js';
import { t } from './words.js';

// The rate view: the cancellations that DLC received in the last 30 seconds, and its limit.

const LIMIT = 20;
const LOOK_MS = 500;
/** In pixels; `most` is the number at the top. */
const CHART = { left: 28, top: 8, bottom: 92, most: 25 };

export function startRateView() {
  const button = byId('flood');
  button.addEventListener('click', () => {
    if (button.getAttribute('aria-disabled') === 'true') return;
    button.setAttribute('aria-disabled', 'true');
    beginFlood().catch((error) => say(byId('flood-said'), error.message));
  });
  void look(button);
}

async function look(button) {
  try {
    if (!document.hidden) await drawNow(button);
  } catch {
    say(byId('rate-said'), t('npm start has ended.'));
  }
  setTimeout(() => void look(button), LOOK_MS);
}

async function drawNow(button) {
  const [{ agoMs, windowMs }, stats, flood] = await Promise.all([
    arrivals(),
    emulatorStats(),
    floodState(),
  ]);
  draw(busiestBySteps(agoMs, windowMs), windowMs / 1000);
  const lastSecond = agoMs.filter((ago) => ago < 1000).length;
  const text =
    'In the last second {now} of {limit}. Most in any second since the start: {most}. ' +
    'Refused by DLC for the rate: {refused}.';
  const { busiestSecond: most, rateLimited: refused } = stats;
  say(byId('rate-said'), t(text, { now: lastSecond, limit: LIMIT, most, refused }));
  button.setAttribute('aria-disabled', String(flood.isRunning));
  if (flood.offered > 0) say(byId('flood-said'), floodText(flood));
}

function floodText({ isRunning, offered, of, responses }) {
  const answered = Object.values(responses).reduce((sum, count) => sum + count, 0);
  // The text changes at the start and at the end only: screen readers say every change.
  if (isRunning || answered < offered) {
    return t('Sending {of} cancellations in ten seconds, as twelve callers.', { of });
  }
  const counts = Object.entries(responses).map(([status, count]) => `${count} × ${status}`);
  return t('Offered {offered}; responses: {counts}.', { offered, counts: counts.join(', ') });
}

function draw(steps, seconds) {
  const { left, top, bottom, most } = CHART;
  const right = Math.max(byId('rate').clientWidth, 100) - 2;
  const width = (right - left) / steps.length;
  const y = (count) => bottom - ((bottom - top) * Math.min(count, most)) / most;
  const bars = steps.map((count, index) =>
    makeSvg('rect', {
      class: count > LIMIT ? 'over' : 'within',
      x: left + index * width,
      y: y(count),
      width: width * 0.8,
      height: bottom - y(count),
    }),
  );
  byId('rate').replaceChildren(
    ...bars,
    makeSvg('line', { class: 'axis', x1: left, x2: right, y1: bottom, y2: bottom }),
    makeSvg('line', { class: 'limit', x1: left, x2: right, y1: y(LIMIT), y2: y(LIMIT) }),
    label(String(LIMIT), left - 6, y(LIMIT) + 4, 'end'),
    label('0', left - 6, bottom + 4, 'end'),
    label(t('{seconds} s ago', { seconds }), left, bottom + 20, 'start'),
    label(t('now'), right, bottom + 20, 'end'),
  );
}

const label = (text, x, y, anchor) => makeSvg('text', { x, y, 'text-anchor': anchor }, text);
