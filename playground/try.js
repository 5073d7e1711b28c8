import { make, say, tabs } from './dom.js';
import { examplesOf } from './openapi.js';
import { headOf, pretty } from './request-forms.js';
import { SAMPLES } from './samples.js';
import { makeDelivery, makeToken, sendThrough, signWebhook } from './server.js';
import { language, t } from './words.js';

/**
 * The form that sends an operation's request as one of the demo's callers, and the same request as programs.
 *
 * @returns two sections
 */
export function tryForm(apiDoc, operation, demo) {
  const form = make('form', {}, ...fieldsOf(apiDoc, operation, demo));
  const send = make('button', { class: 'main' }, t('Send'));
  const said = make('p', { role: 'status', id: 'said' });
  const body = pre('try-body', t('Response'));
  const head = pre('try-head', t('Status and header fields'));
  const headBox = make(
    'details',
    { hidden: '', name: 'box' },
    make('summary', {}, t('Status and header fields')),
    head,
  );
  form.append(send);
  const code = make('pre', {
    id: 'sample',
    role: 'tabpanel',
    tabindex: '0',
  });
  const list = make('div', { role: 'tablist', 'aria-label': t('Languages') });
  for (const name of Object.keys(SAMPLES)) {
    list.append(
      make('button', { role: 'tab', id: `sample-${name}`, 'aria-controls': 'sample' }, name),
    );
  }
  let chosen;
  let writes = 0;
  const write = async () => {
    writes += 1;
    const own = writes;
    const request = await requestOf(operation, form, demo);
    // The form may say something else by now.
    if (own === writes) {
      const url = `${demo.gateway}${request.path}`;
      say(code, SAMPLES[chosen.textContent]({ ...request, url }));
      code.setAttribute('aria-labelledby', chosen.id);
    }
    return request;
  };
  tabs(list, (tab) => {
    chosen = tab;
    void write();
  });
  form.addEventListener('input', () => void write());
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const response = await sendThrough(await write());
    const { status, statusText, headers } = response;
    say(said, `${status} ${statusText}`);
    say(body, pretty(response.body));
    say(head, headOf(`HTTP/1.1 ${status} ${statusText}`, headers));
    body.hidden = false;
    headBox.hidden = false;
  });
  body.hidden = true;
  return [
    make('section', {}, make('h2', {}, t('Try it')), form, said, body, headBox),
    make('section', {}, make('h2', {}, t('The same as a program')), list, code),
  ];
}

const pre = (id, label) => make('pre', { id, role: 'region', 'aria-label': label, tabindex: '0' });

/** The page makes them: the address of a sender, and what belongs to a signature. */
const MADE_HERE = /^(senderId|webhook-.*)$/i;

/** @returns who asks, each parameter, the body */
function fieldsOf(apiDoc, operation, demo) {
  const { parameters = [], requestBody } = operation;
  const inputs = parameters
    .filter(({ name }) => !MADE_HERE.test(name))
    .map(({ name, in: place, description, required, example }) => {
      const value = required ? valueOf(name, example, demo) : undefined;
      const input = make('input', {
        name: `${place} ${name}`,
        placeholder: String(example ?? ''),
        value,
        ...(required && { required: '' }),
      });
      return field(name, input, description);
    });
  const [example] = examplesOf(apiDoc, requestBody?.content);
  const text = example?.text.replaceAll(exampleTask(apiDoc), demo.tokenTask);
  const rows = String((text?.split('\n').length ?? 0) + 1);
  const isMade = operation.path.includes('{senderId}');
  const body =
    example && !isMade ? [field(t('Body'), make('textarea', { name: 'body', rows }, text))] : [];
  return [...callerField(operation, demo), ...inputs, ...body];
}

const exampleTask = ({ paths }) => paths['/tasks/{taskId}'].get.parameters[0].example;
const valueOf = (name, example, { tokenTask }) => (name === 'taskId' ? tokenTask : example);

function callerField({ path, security }, { kinds }) {
  const schemes = new Set(security.flatMap((one) => Object.keys(one)));
  const isMade = path.includes('{senderId}');
  const options = isMade
    ? kinds.map((kind) => [kind, kind])
    : [
        ...(schemes.has('ApiKey') ? [['key', t('an internal service, with the API key')]] : []),
        ...(schemes.has('Bearer') ? [['token', t('a frontend, with a token for the task')]] : []),
      ];
  if (options.length === 0) return [];
  const choices = options.map(([value, label]) => make('option', { value }, label));
  return [field(t('Send as'), make('select', { name: 'caller' }, ...choices))];
}

function field(name, input, description) {
  const more = description
    ? [make('span', { class: 'quiet' }, description.replaceAll('`', ''))]
    : [];
  return make('label', {}, name, input, ...more);
}

/** The request as the form has it: `{ method, path, headers, body? }`, signed or with credentials. */
async function requestOf({ method, path, security, requestBody }, form, demo) {
  const values = new FormData(form);
  const caller = values.get('caller');
  if (path.includes('{senderId}')) {
    return { method, ...(await makeDelivery(caller, demo.tokenTask)) };
  }
  /** What is filled in for the parameters of a place: names and values. */
  const of = (place) =>
    [...form.querySelectorAll(`input[name^="${place} "]`)]
      .filter(({ value }) => value !== '')
      .map(({ name, value }) => [name.slice(place.length + 1), value]);
  const filled = of('path').reduce(
    (text, [name, value]) => text.replace(`{${name}}`, encodeURIComponent(value)),
    path,
  );
  const query = new URLSearchParams(of('query')).toString();
  const body = requestBody ? values.get('body') : undefined;
  const headers = {
    ...(await credentials(caller, values.get('path taskId') || demo.tokenTask, demo)),
    ...(security.some((one) => one.WebhookSignature) && (await signWebhook(body))),
    ...(body !== undefined && { 'Content-Type': Object.keys(requestBody.content)[0] }),
    'Accept-Language': language,
    ...Object.fromEntries(of('header')),
  };
  return {
    method,
    path: query ? `${filled}?${query}` : filled,
    headers,
    ...(body !== undefined && { body }),
  };
}

async function credentials(caller, taskId, { key }) {
  if (caller === 'key') return { 'X-API-Key': key };
  if (caller !== 'token') return {};
  const { token } = await makeToken(taskId);
  return { Authorization: `Bearer ${token}` };
}
