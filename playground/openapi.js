// What the reference shows of an OpenAPI document.

/** What cancels comes first. */
const METHODS = ['delete', 'get', 'post'];
/** Longer lists of values are left to the examples. */
const MOST_VALUES = 5;

/**
 * The operations but HEAD, which mirrors GET.
 *
 * @returns `{ id, method, path, tag, ... }` of each, with the members of the document's operation
 */
export function operationsOf({ paths }) {
  return Object.entries(paths).flatMap(([path, methods]) =>
    METHODS.filter((method) => methods[method]).map((method) => {
      const operation = methods[method];
      const { operationId: id, tags } = operation;
      return { ...operation, id, tag: tags[0], method: method.toUpperCase(), path };
    }),
  );
}

/** What a `$ref` within the document leads to; anything else as it is. */
function resolved(document, value) {
  if (!value?.$ref) return value;
  const keys = value.$ref.replace('#/', '').split('/');
  return keys.reduce((inner, key) => inner[key], document);
}

/**
 * The header fields of an operation's responses, each once.
 *
 * @returns `{ name, description, only, statuses }`; `only` is the value of a field that never has another,
 *   `statuses` is undefined if every response has the field
 */
export function headersOf(document, { responses }) {
  const found = new Map();
  for (const [status, { headers = {} }] of Object.entries(responses)) {
    for (const [name, reference] of Object.entries(headers)) {
      const { description, required = false, schema } = resolved(document, reference);
      const entry = found.get(name) ?? {
        name,
        description,
        only: schema.const,
        statuses: [],
        isSure: true,
      };
      entry.statuses.push(status);
      entry.isSure &&= required;
      found.set(name, entry);
    }
  }
  const all = Object.keys(responses).length;
  return [...found.values()].map(({ statuses, isSure, ...field }) => ({
    ...field,
    statuses: isSure && statuses.length === all ? undefined : statuses,
  }));
}

/** The fields that every response of every operation has: listed once, for all of them. */
export function commonHeaders(document) {
  const lists = operationsOf(document).map((operation) => headersOf(document, operation));
  const [first, ...others] = lists.map((list) => list.filter(({ statuses }) => !statuses));
  return first.filter(({ name }) => others.every((list) => list.some((one) => one.name === name)));
}

/** The examples of a body: `{ type, summary, text }` of each. */
export function examplesOf(document, content = {}) {
  return Object.entries(content).flatMap(([type, { examples = {} }]) =>
    Object.values(examples).map((example) => {
      const { summary, value } = resolved(document, example);
      return { type, summary, text: textOf(type, value) };
    }),
  );
}

function textOf(type, value) {
  if (typeof value === 'string') return value;
  if (type.endsWith('urlencoded')) return new URLSearchParams(value).toString();
  return JSON.stringify(value, null, 2);
}

/**
 * The members of a body, those of members too.
 *
 * @returns `{ name, type, description, isRequired }` of each; `name` is a path like `data.taskId`
 */
export function membersOf(document, schema, prefix = '') {
  const whole = resolved(document, schema) ?? {};
  const choices = whole.oneOf ?? whole.anyOf;
  if (choices) {
    const all = choices.flatMap((choice) => membersOf(document, choice, prefix));
    return [
      ...new Map(all.toReversed().map((member) => [member.name, member])).values(),
    ].toReversed();
  }
  if (whole.items) return membersOf(document, whole.items, `${prefix}[]`);
  return Object.entries(whole.properties ?? {}).flatMap(([key, value]) => {
    const member = { ...resolved(document, value), ...value };
    const name = prefix === '' ? key : `${prefix}.${key}`;
    const isRequired = whole.required?.includes(key) ?? false;
    const row = { name, type: typeOf(member), description: member.description ?? '', isRequired };
    return [row, ...membersOf(document, value, name)];
  });
}

function typeOf({ type, const: only, enum: values, oneOf, anyOf }) {
  if (only !== undefined) return JSON.stringify(only);
  if (values?.length <= MOST_VALUES)
    return values.map((value) => JSON.stringify(value)).join(' | ');
  if (oneOf ?? anyOf) return [...new Set((oneOf ?? anyOf).map(typeOf))].join(' | ');
  return [type ?? (values ? 'string' : 'object')].flat().join(' | ');
}
