/**
 * The part of CLS's search language (CQL) that deploy/cls.json uses: `field:"value"`, AND, OR, NOT, parentheses; and the
 * names that stand in a query.
 */

export type Line = Readonly<Record<string, string | number | boolean>>;
type Test = (line: Line) => boolean;

/** @param words fields in which a phrase is looked for; in all others the whole value counts */
export function searchOf(query: string, words: readonly string[]): Test {
  const [search = ''] = query.split(' | ');
  const tokens = search.match(/\w+:"[^"]*"|AND\b|OR\b|NOT\b|[()]|\S+/g) ?? [];
  const take = (): string => tokens.shift() ?? '';
  const one = (): Test => {
    const token = take();
    if (token === 'NOT') {
      const test = one();
      return (line) => !test(line);
    }
    if (token === '(') {
      const test = either();
      if (take() !== ')') throw new Error(`no ")" in ${search}`);
      return test;
    }
    const [, field = '', value = ''] = /^(\w+):"([^"]*)"$/.exec(token) ?? [];
    if (field === '') throw new Error(`${token} in ${search}`);
    return (line) => {
      const text = String(line[field] ?? '');
      return words.includes(field) ? text.includes(value) : text === value;
    };
  };
  const both = (): Test => {
    const tests = [one()];
    while (tokens[0] === 'AND') tests.push((take(), one()));
    return (line) => tests.every((test) => test(line));
  };
  const either = (): Test => {
    const tests = [both()];
    while (tokens[0] === 'OR') tests.push((take(), both()));
    return (line) => tests.some((test) => test(line));
  };
  const test = either();
  if (tokens.length > 0) throw new Error(`${tokens.join(' ')} in ${search}`);
  return test;
}

const SQL =
  /^(SELECT|AS|GROUP|ORDER|BY|DESC|LIMIT|CASE|WHEN|THEN|ELSE|END|count|avg|n|percent|\d[\d.]*)$/;

/** The fields that a query names, in its search and in its SQL. */
export function fieldsIn(query: string): string[] {
  const [search = '', sql = ''] = query.split(' | ');
  const searched = [...search.matchAll(/(\w+):"/g)].map(([, field = '']) => field);
  const analysed = sql.replaceAll(/'[^']*'/g, '').match(/[\w.]+/g) ?? [];
  return [...searched, ...analysed.filter((word) => !SQL.test(word))];
}
