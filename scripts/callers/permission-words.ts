import type { GrantTemplate } from '../../src/lib/auth/jwt-issuers.ts';
import type { Grant } from '../../src/lib/auth/principal.ts';

/** Permissions in words, for the doctor and for `npm run explain`. */

/** A grant of a principal; or one of an entry, whose `owner` is a pointer into the claims. */
type SomeGrant = Grant | GrantTemplate;

/** Says what a grant permits: `may cancel and read tasks on engine "etl", in ap-beijing`. */
export function inWords({ scopes, taskId, regions, engines = [], owner }: SomeGrant): string {
  const verbs = scopes
    .map((scope) => scope.replace('tasks:', ''))
    .toSorted()
    .join(' and ');
  if (regions?.length === 0) return `may ${verbs} no task: no owner, or no region, is left`;
  const restrictions = [
    ...engines.map((list) => `on engine ${list.map(shown).join(' or ')}`),
    ...(regions ? [`in ${regions.map(shown).join(' or ')}`] : []),
    ...(owner === undefined ? [] : [`of the account ${nameOf(owner)}`]),
  ];
  if (taskId !== undefined) restrictions.unshift(shown(taskId));
  else if (restrictions.length === 0) return `may ${verbs} every task`;
  return `may ${verbs} ${taskId === undefined ? 'tasks' : 'task'} ${restrictions.join(', ')}`;
}

function nameOf(owner: string | readonly string[]): string {
  if (typeof owner === 'string') return shown(owner);
  return `that the claim ${shown(`/${owner.join('/')}`)} names`;
}

/** Another party's text in quotation marks; what may act on a terminal becomes `?`. */
export function shown(text: string): string {
  return `"${text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '?').slice(0, 256)}"`;
}
