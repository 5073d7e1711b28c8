import { byId, make, makeSvg, say, tabs } from './dom.js';
import { toTimeline } from './timeline.js';

const SENT_BY = {
  frontend:
    'Sent by this page. The browser asked first whether it may (preflight), and added Origin.',
  webhook: "Signed and sent by the playground's server.",
  key: "Sent by the playground's server.",
  agent: "Sent by the playground's server, as the client of an agent sends it.",
};

/** Shows the last request in one of three forms, its response, and its timeline. */
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
    show(caller, { request: sent, response }) {
      request = sent;
      write();
      say(byId('copied'), '');
      say(byId('summary'), summaryOf(response));
      byId('summary').className = classOf(response);
      say(byId('sent-by'), SENT_BY[caller]);
      say(byId('response'), responseText(response));
      say(
        byId('response-note'),
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

/** A delivery is acknowledged although nothing was cancelled: that is no success. */
const CANCELLED =
  /^(would_cancel|cancel_requested|cancelled|already_cancelled)$|: (DLC was asked|cancelled|it was cancelled)/;

function classOf({ status, body }) {
  const { outcome, text, results = [], status: ofTool = status } = parsed(body);
  if (Math.max(status, ofTool) >= 300) return 'bad';
  const said = [outcome, text, ...results.map((result) => result.outcome)];
  return said.some((one) => CANCELLED.test(one ?? '')) ? 'good' : 'noted';
}

function summaryOf({ status, statusText, body, ms }) {
  const said = parsed(body);
  const what = said.outcome ?? said.text ?? said.code ?? countsOf(said.results ?? []);
  const more = [
    said.confirmed === false && 'not confirmed',
    said.outcomeUnknown && 'nobody knows whether it took effect',
  ].filter(Boolean);
  return [`${status} ${statusText}: ${what}`, ...more, `after ${ms} ms`].join(', ');
}

/** How many tasks of a batch had which result. */
function countsOf(results) {
  const counts = new Map();
  for (const { outcome, code } of results) {
    const name = outcome ?? code;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].map(([name, count]) => `${count} ${name}`).join(', ');
}

/** The body; of an agent's call, the result of the tool. */
function parsed(body) {
  try {
    const json = Object(JSON.parse(body));
    return json.result?.structuredContent ?? json;
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
  const audit = lines.findLast(({ event }) => event === 'audit');
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

/**
 * The forms of a request, `{ method, url, headers, body?, origin? }`. `origin` is the Origin that the
 * browser adds.
 */
const FORMS = {
  http({ method, url, headers, body, origin }) {
    const { host, pathname, search } = new URL(url);
    const fields = { Host: host, ...(origin && { Origin: origin }), ...headers };
    return message(`${method} ${pathname}${search} HTTP/1.1`, Object.entries(fields), body);
  },

  curl({ method, url, headers, body, origin }) {
    const fields = { ...(origin && { Origin: origin }), ...headers };
    return [
      `curl -i -X ${method} ${quote(url)}`,
      ...Object.entries(fields).map(([name, value]) => `-H ${quote(`${name}: ${value}`)}`),
      ...(body === undefined ? [] : [`--data-raw ${quote(body)}`]),
    ].join(' \\\n  ');
  },

  fetch({ method, url, headers, body }) {
    const options = { method, headers, ...(body !== undefined && { body }) };
    return `const response = await fetch(${JSON.stringify(url)}, ${JSON.stringify(options, null, 2)});`;
  },
};

function responseText({ status, statusText, headers, body }) {
  return message(`HTTP/1.1 ${status} ${statusText}`, headers, pretty(body));
}

const message = (first, fields, body) =>
  [first, ...fields.map(([name, value]) => `${name}: ${value}`), ...(body ? ['', body] : [])].join(
    '\n',
  );

/** For a POSIX shell. */
const quote = (text) => `'${text.replaceAll("'", String.raw`'\''`)}'`;

function pretty(body) {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
