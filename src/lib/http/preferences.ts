/** What a client prefers: `Accept` (RFC 9110, section 12.5.1) and `Prefer: wait` (RFC 7240). */

const JSON_TYPES = ['application/json', 'application/problem+json'];

/** Whether `Accept` weighs HTML higher than JSON. */
export function prefersHtml(accept: string): boolean {
  const json = Math.max(...JSON_TYPES.map((type) => quality(accept, type)));
  return quality(accept, 'text/html') > json;
}

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

/** The elements of a list, as far as commas stand outside of quoted texts. */
const ELEMENTS = /(?:[^",]|"(?:[^"\\]|\\.)*")+/g;
const WELL_QUOTED = /^(?:[^"]|"(?:[^"\\]|\\.)*")*$/;
const WAIT = /^[ \t]*wait[ \t]*=[ \t]*(?:(\d+)|"(\d+)")[ \t]*(?:;.*)?$/i;

/** The seconds of the first `wait` in a `Prefer` field; nothing if there is none, or it is malformed. */
export function preferredWait(value: string): number | undefined {
  if (!WELL_QUOTED.test(value)) return undefined;
  const first = value.match(ELEMENTS)?.find((element) => /^[ \t]*wait(?![^ \t=;])/i.test(element));
  const [, plain, quoted] = WAIT.exec(first ?? '') ?? [];
  const seconds = plain ?? quoted;
  return seconds === undefined ? undefined : Number(seconds);
}
