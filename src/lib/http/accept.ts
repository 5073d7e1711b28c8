/**
 * Whether a page is wanted rather than JSON, by the q-values of `Accept` (RFC 9110, section 12.5.1).
 * JSON if both are wanted alike, or neither.
 */
export function prefersHtml(accept: string): boolean {
  const json = Math.max(...JSON_TYPES.map((type) => quality(accept, type)));
  return quality(accept, 'text/html') > json;
}

const JSON_TYPES = ['application/json', 'application/problem+json'];

/** Of the ranges that a type is in, the most specific one counts. */
function quality(accept: string, type: string): number {
  const wider = ['*/*', type.replace(/\/.*/, '/*'), type];
  let closest = -1;
  let found = 0;
  for (const range of accept.toLowerCase().split(',')) {
    const [name = '', ...parameters] = range.split(';').map((part) => part.trim());
    const closeness = wider.indexOf(name);
    if (closeness <= closest) continue;
    closest = closeness;
    const weight = parameters.find((parameter) => parameter.startsWith('q='));
    found = weight === undefined ? 1 : Number(weight.slice(2)) || 0;
  }
  return found;
}
