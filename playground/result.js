import { SENT_BY } from './callers.js';
import { byId, make, makeSvg, say } from './dom.js';
import { answerText, FORMS } from './request-text.js';
import { tabs } from './tabs.js';
import { toTimeline } from './timeline.js';

/** Shows the last request in one of three forms, its answer, and its timeline. */
export function startResult() {
  let request;
  let form = 'http';
  const write = () => {
    if (request) byId('request').textContent = FORMS[form](request);
  };
  tabs(byId('forms'), (tab) => {
    form = tab.id.replace('tab-', '');
    byId('request').setAttribute('aria-labelledby', tab.id);
    say(byId('copied'), '');
    write();
  });
  byId('copy').addEventListener('click', () => void copy(byId('request').textContent));

  return {
    show(caller, { request: sent, answer }) {
      request = sent;
      write();
      say(byId('copied'), '');
      say(byId('summary'), summaryOf(answer));
      byId('summary').className = answer.status < 300 ? 'good' : 'bad';
      say(byId('sent-by'), SENT_BY[caller]);
      say(byId('answer'), answerText(answer));
      say(
        byId('answer-note'),
        caller === 'frontend' ? 'Headers: those that CORS lets a page read.' : '',
      );
      byId('result').hidden = false;
    },
    showLog,
    fail(message) {
      say(byId('summary'), message);
      byId('summary').className = 'bad';
    },
  };
}

function summaryOf({ status, statusText, body, ms }) {
  const said = parsed(body);
  const what = said.outcome ?? said.code ?? '';
  const more = [
    said.confirmed === false && 'not confirmed',
    said.outcomeUnknown && 'nobody knows whether it took effect',
  ].filter(Boolean);
  return [`${status} ${statusText}: ${what}`, ...more, `after ${ms} ms`].join(', ');
}

function parsed(body) {
  try {
    return Object(JSON.parse(body));
  } catch {
    return {};
  }
}

function showLog(lines) {
  const timeline = toTimeline(lines);
  const rows = timeline?.steps.map((step) => row(step, timeline.totalMs)) ?? [
    make('li', {}, 'The log has no lines about it (yet).'),
  ];
  byId('timeline').replaceChildren(...rows);
  const audit = lines.find(({ event }) => event === 'audit');
  say(byId('decision'), audit ? `Decision, as the audit trail has it: ${decision(audit)}.` : '');
  say(byId('lines'), lines.map((line) => JSON.stringify(line)).join('\n'));
}

const decision = ({ decision: decided, rule, principal, outcome }) =>
  [`${decided}, ${rule}`, principal, outcome].filter(Boolean).join('; ');

function row({ kind, text, from, to }, total) {
  const scale = 100 / Math.max(total, 1);
  const rect = {
    class: kind,
    x: Math.min(from * scale, 99),
    y: 0,
    // What is too short to be seen is drawn all the same.
    width: Math.max((to - from) * scale, 1),
    height: 10,
  };
  const bar = { viewBox: '0 0 100 10', preserveAspectRatio: 'none', 'aria-hidden': 'true' };
  return make(
    'li',
    {},
    make('span', { class: 'step' }, text),
    make('span', { class: 'time' }, `${from}–${to} ms`),
    makeSvg('svg', bar, makeSvg('rect', rect)),
  );
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    say(byId('copied'), 'Copied.');
  } catch {
    say(byId('copied'), 'The browser does not allow it: select the text.');
  }
}
