import { readCredentials } from '../../src/lib/dlc/client.ts';
import type { Environment } from '../../src/lib/config/secret-reference.ts';
import { failed, ok, warning, type Finding } from './finding.ts';

/** The parts of a name, in the two spellings that are read. */
const PARTS = [
  ['SECRETID', 'SECRETKEY', 'SESSIONTOKEN'],
  ['SECRET_ID', 'SECRET_KEY', 'SESSION_TOKEN'],
].map((parts) => parts.map((part) => `TENCENTCLOUD_${part}`));

/** Whether the environment has credentials for the cloud; whether they are good, only DLC can tell. */
export function checkCredentials(env: Environment): Finding[] {
  const found = readCredentials(env);
  const tokenNames = PARTS.map(([, , token = '']) => token);
  if (found?.token) return [ok('credentials', 'temporary ones, with a session token')];
  if (found && tokenNames.some((name) => env[name])) {
    const message =
      'a session token is set, but in another spelling than id and key: it is not used';
    return [warning('credentials', message, 'name all three alike (docs/settings.md)')];
  }
  if (found) return [ok('credentials', 'an id and a key, without a session token')];
  const half = PARTS.flatMap(([id = '', key = '']) => {
    if (env[id] && !env[key]) return [`${id} is set, but ${key} is not`];
    if (env[key] && !env[id]) return [`${key} is set, but ${id} is not`];
    return [];
  });
  const message = half[0] ?? 'the environment has none';
  const advice =
    'set TENCENTCLOUD_SECRETID and TENCENTCLOUD_SECRETKEY; a function with a role has them from its platform';
  return [failed('credentials', 'settings', message, advice)];
}
