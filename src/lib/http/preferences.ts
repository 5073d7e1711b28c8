/** What a client prefers: `Accept`, `Accept-Language` (RFC 9110, section 12.5) and `Prefer: wait` (RFC 7240). */

/** A media range, and its weight as the last parameter that is one. */
const MEDIA_RANGE = /^[\t ]*([^\t ;]+)(?:.*;[\t ]*q=([^\t ;]*))?/i;

/** A language range and its weight (RFC 9110, sections 12.4.2 and 12.5.4; RFC 4647, section 2.1). */
const LANGUAGE_RANGE =
  /^[\t ]*([a-z]{1,8}|\*)(?:-[a-z\d]{1,8})*[\t ]*(?:;[\t ]*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)[\t ]*)?$/i;

/** The highest weight of each type or language in a list. A malformed range is ignored. */
function weightsOf(list: string, range: RegExp): Map<string, number> {
  const weights = new Map<string, number>();
  for (const element of list.toLowerCase().split(',')) {
    const [, name, weight = 1] = range.exec(element) ?? [];
    if (name) weights.set(name, Math.max(Number(weight) || 0, weights.get(name) ?? 0));
  }
  return weights;
}

/** Whether `Accept` weighs HTML higher than JSON. Of the ranges that a type is in, the most specific one counts. */
export function prefersHtml(accept: string): boolean {
  const weights = weightsOf(accept, MEDIA_RANGE);
  const weightOf = (main: string, type: string): number =>
    weights.get(`${main}/${type}`) ?? weights.get(`${main}/*`) ?? weights.get('*/*') ?? 0;
  const json = Math.max(weightOf('application', 'json'), weightOf('application', 'problem+json'));
  return weightOf('text', 'html') > json;
}

/**
 * Whether `Accept-Language` weighs Chinese, with any subtag, higher than English, in which everything is
 * written. Of equal weights, the language that is named first counts.
 */
export function prefersChinese(acceptLanguage: string): boolean {
  const weights = weightsOf(acceptLanguage, LANGUAGE_RANGE);
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
