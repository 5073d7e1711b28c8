import { byId, make, makeSvg, say, tabs } from './dom.js';
import { kindOfAll, resultsOf, summaryOf } from './outcome.js';
import { FORMS, headOf, pretty } from './request-forms.js';
import { toTimeline } from './timeline.js';
import { t } from './words.js';

const SENT_BY = {
  frontend: 'sent by this page, after the browser had asked whether it may (preflight)',
  webhook: "signed and sent by the playground's server",
  key: "sent by the playground's server",
  agent: "sent by the playground's server, as an agent's client does",
};

/** Shows the last request in one of three forms, its response, and its timeline. */
export function startResult() {
  let request;
  let form = 'curl';
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
    show(caller, taskIds, { request: sent, response }) {
      request = sent;
      write();
      say(byId('copied'), '');
      const results = resultsOf(response, taskIds);
      say(byId('summary'), summaryOf(response));
      byId('summary').className = kindOfAll(results, response.status);
      byId('results').replaceChildren(...results.map(resultRow));
      const { status, statusText, headers, body } = response;
      say(byId('body'), pretty(body));
      say(byId('head'), headOf(`HTTP/1.1 ${status} ${statusText}`, headers));
      const isPage = caller === 'frontend';
      say(byId('head-note'), isPage ? t('Those that CORS lets a page read.') : '');
      say(byId('request-line'), `${sent.method} ${new URL(sent.url).pathname}`);
      say(byId('sent-by'), t(SENT_BY[caller]));
      byId('result').hidden = false;
    },
    showLog,
    fail(message) {
      say(byId('summary'), message);
      byId('summary').className = 'bad';
    },
  };
}

function resultRow({ taskId, said, meaning, kind }, _index, { length }) {
  const name = make('code', {}, String(taskId));
  // The summary has the status of a single result.
  const status = length > 1 ? [make('strong', {}, said)] : [];
  return make('li', { class: kind }, name, ...status, make('span', { class: 'quiet' }, meaning));
}

function showLog(lines) {
  const timeline = toTimeline(lines);
  const rows = timeline?.steps.map((step) => row(step, timeline.totalMs)) ?? [
    make('li', {}, t('The log has no lines about it (yet).')),
  ];
  byId('timeline').replaceChildren(...rows);
  const audit = lines.findLast(({ event }) => event === 'audit');
  const decided = audit && t('Decision in the audit trail: {decision}.', { decision: said(audit) });
  say(byId('decision'), decided ?? '');
  say(byId('lines'), lines.map((line) => JSON.stringify(line)).join('\n'));
}

const said = ({ decision, rule, principal, outcome }) =>
  [`${decision}, ${rule}`, principal, outcome].filter(Boolean).join('; ');

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
    makeSvg('svg', bar, makeSvg('rect', rect)),
    make('span', { class: 'time' }, `${from}–${to} ms`),
  );
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    say(byId('copied'), t('Copied.'));
  } catch {
    say(byId('copied'), t('The browser does not allow it: select the text.'));
  }
}
