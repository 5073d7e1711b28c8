/**
 * Finds variables whose names are one edit (a letter too many, too few, another, or two swapped) or only their case
 * away from the name of a setting.
 *
 * @returns pairs of the variable's name and the setting's
 */
export function nearNames(
  variables: readonly string[],
  settings: ReadonlySet<string>,
): (readonly [name: string, setting: string])[] {
  return variables
    .filter((name) => !settings.has(name))
    .flatMap((name) => {
      const near = [...settings].find((setting) => isNear(name, setting));
      return near === undefined ? [] : [[name, near] as const];
    });
}

function isNear(name: string, setting: string): boolean {
  if (Math.abs(name.length - setting.length) > 1) return false;
  if (name.toUpperCase() === setting) return true;
  const shorter = Math.min(name.length, setting.length);
  let start = 0;
  while (start < shorter && name[start] === setting[start]) start += 1;
  let end = 0;
  while (end < shorter - start && name.at(-1 - end) === setting.at(-1 - end)) end += 1;
  const ours = name.slice(start, name.length - end);
  const theirs = setting.slice(start, setting.length - end);
  const isSwapped = ours.length === 2 && ours === `${theirs[1]}${theirs[0]}`;
  return isSwapped || Math.max(ours.length, theirs.length) <= 1;
}
