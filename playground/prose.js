import { make } from './dom.js';

// The little Markdown that the OpenAPI document has, and tables of fields.

/** Paragraphs and lists, with code in them. */
export function prose(text) {
  return text.split('\n\n').map((block) => {
    const lines = block.split('\n');
    if (!lines.every((line) => line.startsWith('- '))) return make('p', {}, ...inline(block));
    return make('ul', {}, ...lines.map((line) => make('li', {}, ...inline(line.slice(2)))));
  });
}

/** Text in which what stands between backticks is code. */
const inline = (text) =>
  text.split('`').map((part, index) => (index % 2 === 1 ? make('code', {}, part) : part));

/** Names and what they mean; `more` stands in small letters below a name. */
export function fieldTable(fields) {
  const rows = fields.map(({ name, more, description }) => {
    const small = more ? [make('br'), make('small', {}, more)] : [];
    const meaning = make('td', {}, ...inline(description));
    return make('tr', {}, make('th', { scope: 'row' }, name, ...small), meaning);
  });
  return make('table', {}, make('tbody', {}, ...rows));
}
