/** The elements of a list, as far as commas stand outside of quoted texts. */
const ELEMENTS = /(?:[^",]|"(?:[^"\\]|\\.)*")+/g;
const WELL_QUOTED = /^(?:[^"]|"(?:[^"\\]|\\.)*")*$/;
const NAME = /^[ \t]*([^ \t=;]+)/;
const WAIT = /^[ \t]*wait[ \t]*=[ \t]*(?:(\d+)|"(\d+)")[ \t]*(?:;.*)?$/i;

/**
 * The seconds of the first `wait` in a `Prefer` field (RFC 7240, sections 2 and 4.3); nothing if there is
 * none, or it is malformed.
 */
export function preferredWait(value: string): number | undefined {
  if (!WELL_QUOTED.test(value)) return undefined;
  const first = (value.match(ELEMENTS) ?? []).find(
    (element) => NAME.exec(element)?.[1]?.toLowerCase() === 'wait',
  );
  const [, plain, quoted] = WAIT.exec(first ?? '') ?? [];
  const seconds = plain ?? quoted;
  return seconds === undefined ? undefined : Number(seconds);
}
