import { make, say } from './dom.js';
import { examplesOf, headersOf, membersOf } from './openapi.js';
import { fieldTable, prose } from './prose.js';
import { tryForm } from './try.js';
import { t } from './words.js';

/** Shows one operation: what it does, a form to try it, programs that do the same, and its responses. */
export function showOperation(target, { apiDoc, operation, common, demo }) {
  const { method, path, summary, description, requestBody } = operation;
  const content = Object.values(requestBody?.content ?? {})[0];
  target.append(
    make(
      'section',
      { class: 'wide' },
      make('h2', {}, summary, ' ', make('code', {}, `${method} ${path}`)),
      ...prose(description),
    ),
    ...tryForm(apiDoc, operation, demo),
    ...(content
      ? [membersSection(t('Members of the body'), membersOf(apiDoc, content.schema))]
      : []),
    responses(apiDoc, operation),
    headerSection(headersOf(apiDoc, operation), common),
  );
}

const rowOf = ({ name, type, description, isRequired }) => ({
  name,
  more: isRequired ? `${type}, ${t('required')}` : type,
  description,
});

const membersSection = (title, members) =>
  make('section', { class: 'wide' }, make('h2', {}, title), fieldTable(members.map(rowOf)));

/** Each can be opened, one at a time: so the page stays short. */
function responses(apiDoc, operation) {
  const all = Object.entries(operation.responses).map(([status, { description, content }]) => {
    const examples = exampleBox(examplesOf(apiDoc, content));
    const schema = Object.values(content ?? {})[0]?.schema;
    const members = status < 300 ? membersOf(apiDoc, schema).map(rowOf) : [];
    const table = members.length > 0 ? [fieldTable(members)] : [];
    const box = make('details', { name: 'box' });
    const [first, ...more] = prose(description);
    const isList = first.localName === 'ul';
    const codes = [...first.querySelectorAll('li > code:first-child')].map(
      (code) => code.textContent,
    );
    const line = isList ? codes.join(', ') : first.textContent;
    box.append(
      make('summary', {}, make('strong', {}, status), ` ${line}`),
      ...(isList ? [first] : []),
      ...more,
      make(
        'div',
        { class: table.length > 0 ? 'pair' : '' },
        make('div', {}, ...examples),
        ...table,
      ),
    );
    return box;
  });
  return make(
    'section',
    { class: 'wide', id: 'responses' },
    make('h2', {}, t('Responses')),
    ...all,
  );
}

/** One example, or a choice of them. */
function exampleBox(examples) {
  if (examples.length === 0) return [];
  const shown = make('pre', { tabindex: '0' }, examples[0].text);
  if (examples.length === 1) return [shown];
  const options = examples.map(({ summary }, index) => make('option', { value: index }, summary));
  const choice = make('select', { 'aria-label': t('Example') }, ...options);
  choice.addEventListener('change', () => say(shown, examples[choice.value].text));
  return [choice, shown];
}

/** The fields that only some operations have, each once. */
function headerSection(headers, common) {
  const own = headers.filter(({ name }) => !common.some((one) => one.name === name));
  const rows = own.map(({ statuses, ...field }) => ({ ...field, more: statuses?.join(', ') }));
  const shared = make('a', { href: '#common' }, t('Those of every response'));
  return make(
    'section',
    { class: 'wide' },
    make('h2', {}, t('Header fields of the responses')),
    make(
      'details',
      { name: 'box' },
      make('summary', {}, own.map(({ name }) => name).join(', ')),
      fieldTable(rows),
    ),
    make('p', {}, shared),
  );
}
