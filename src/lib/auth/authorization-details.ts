import { isJsonObject, type JsonObject } from './json-object.ts';
import type { Grant, Scope } from './principal.ts';

/** `authorization_details` (RFC 9396) of type `dlc_task`: permission for single tasks, in a token. */

const SCOPE_OF_ACTION = new Map<unknown, Scope>([
  ['cancel', 'tasks:cancel'],
  ['read', 'tasks:read'],
]);
const TASK_ID = /^[A-Za-z0-9_-]{1,128}$/;
/** `locations`, `datatypes` and `privileges` of RFC 9396 section 2.2 have no meaning for this type. */
const MEMBERS = new Set(['type', 'actions', 'identifier', 'regions', 'engines']);

/**
 * Reads the claim `authorization_details`.
 *
 * @param value the claim as the verified token has it
 * @returns one grant for each `dlc_task` entry; other types are skipped. Anything malformed gives no
 *   grant at all (RFC 9396 section 5): a restriction that is not understood must not be ignored.
 */
export function parseAuthorizationDetails(value: unknown): readonly Grant[] {
  if (!Array.isArray(value)) return [];
  const grants: Grant[] = [];
  for (const entry of value as readonly unknown[]) {
    if (!isJsonObject(entry) || typeof entry['type'] !== 'string') return [];
    if (entry['type'] !== 'dlc_task') continue;
    const grant = toTaskGrant(entry);
    if (!grant) return [];
    grants.push(grant);
  }
  return grants;
}

function toTaskGrant(entry: JsonObject): Grant | undefined {
  const { actions, identifier, engines, regions } = entry;
  if (Object.keys(entry).some((member) => !MEMBERS.has(member))) return undefined;
  if (!isListOfText(actions) || !actions.every((action) => SCOPE_OF_ACTION.has(action)))
    return undefined;
  if (typeof identifier !== 'string' || !TASK_ID.test(identifier)) return undefined;
  if (engines !== undefined && !isListOfText(engines)) return undefined;
  if (regions !== undefined && !isListOfText(regions)) return undefined;
  return {
    taskId: identifier,
    scopes: scopesOf(actions),
    // `*` is no wildcard in a token.
    ...(engines && { engines: [engines] }),
    ...(regions && { regions }),
  };
}

function scopesOf(actions: readonly string[]): Scope[] {
  const granted = new Set(actions);
  return [...SCOPE_OF_ACTION].flatMap(([action, scope]) =>
    granted.has(String(action)) ? [scope] : [],
  );
}

function isListOfText(value: unknown): value is readonly string[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((item) => typeof item === 'string' && item)
  );
}
