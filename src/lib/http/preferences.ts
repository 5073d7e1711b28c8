/** What a client prefers: `Accept`, `Accept-Language` (RFC 9110, section 12.5) and `Prefer: wait` (RFC 7240). */

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

/** A language range and its weight (RFC 9110, sections 12.4.2 and 12.5.4; RFC 4647, section 2.1). */
const RANGE =
  /^[\t ]*([a-z]{1,8}|\*)(?:-[a-z\d]{1,8})*[\t ]*(?:;[\t ]*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)[\t ]*)?$/i;

/**
 * Whether `Accept-Language` weighs Chinese, with any subtag, higher than English, in which everything is
 * written. Of equal weights, the language that is named first counts. A malformed range is ignored.
 */
export function prefersChinese(acceptLanguage: string): boolean {
  const weights = new Map<string, number>();
  for (const element of acceptLanguage.split(',')) {
    const [, range = '', weight = 1] = RANGE.exec(element) ?? [];
    const language = range.toLowerCase();
    weights.set(language, Math.max(Number(weight), weights.get(language) ?? 0));
  }
  const weightOf = (one: string): number => weights.get(one) ?? weights.get('*') ?? 0;
  const chinese = weightOf('zh');
  const english = weightOf('en');
  const first = [...weights.keys()].find((language) => language === 'zh' || language === 'en');
  return chinese > english || (chinese > 0 && chinese === english && first === 'zh');
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
