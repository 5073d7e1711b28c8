import { byId, make } from './dom.js';
import { commonHeaders, operationsOf } from './openapi.js';
import { fieldTable, prose } from './prose.js';
import { showOperation } from './reference.js';
import { apiDocument, settings } from './server.js';
import { t, translatePage } from './words.js';

// The API reference: one page for each operation, and one for what all of them have in common.

translatePage();

const [apiDoc, demo] = await Promise.all([apiDocument(), settings()]);
const operations = operationsOf(apiDoc);
const common = commonHeaders(apiDoc);

const link = (id, ...label) => make('a', { href: `#${id}` }, ...label);
const groups = apiDoc.tags.flatMap(({ name }) => [
  make('h2', {}, t(name)),
  ...operations
    .filter(({ tag }) => tag === name)
    .map(({ id, method, path }) => link(id, make('code', {}, `${method} ${path}`))),
]);
byId('operations').append(
  ...groups,
  make('h2', {}, t('All requests')),
  link('common', t('Errors, authentication, header fields')),
);

addEventListener('hashchange', () => {
  show();
  byId('operation').focus();
});
show();

function show() {
  const id = location.hash.slice(1);
  const operation = operations.find((one) => one.id === id) ?? operations[0];
  const isCommon = id === 'common';
  for (const one of byId('operations').querySelectorAll('a')) {
    const isShown = one.hash === (isCommon ? '#common' : `#${operation.id}`);
    if (isShown) one.setAttribute('aria-current', 'page');
    else one.removeAttribute('aria-current');
  }
  byId('operation').replaceChildren();
  if (isCommon) showCommon();
  else showOperation(byId('operation'), { apiDoc, operation, common, demo });
}

function showCommon() {
  const schemes = Object.entries(apiDoc.components.securitySchemes);
  byId('operation').append(
    make(
      'section',
      { class: 'wide' },
      make('h2', {}, t('All requests')),
      ...prose(apiDoc.info.description),
    ),
    make(
      'section',
      { class: 'wide' },
      make('h2', {}, t('Authentication')),
      fieldTable(schemes.map(([name, { description }]) => ({ name, description }))),
    ),
    make(
      'section',
      { class: 'wide' },
      make('h2', {}, t('Header fields of every response')),
      fieldTable(common.map(({ only, ...one }) => ({ ...one, more: only }))),
    ),
  );
}
