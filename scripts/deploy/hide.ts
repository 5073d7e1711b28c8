import { readCredentials } from '../../src/lib/dlc/client.ts';
import type { Environment } from '../../src/lib/config/secret-reference.ts';
import { LIST_NAMES } from '../build/settings-files.ts';
import type { Deployment } from './deployment.ts';

/** Variables whose values may be shown; every other may hold a secret, whatever its name. */
const SHOWN: ReadonlySet<string> = new Set(
  (
    'CLOUD_CREDENTIALS DLC_REGION DLC_REGIONS DLC_ENDPOINT BLOCKED_PRINCIPALS CORS_ORIGINS UPSTREAM_RATE CALLER_RATE ' +
    'EXPECTED_INSTANCES TASK_STATE_LOOKUP REQUEST_TIMEOUT_MS ATTEMPT_TIMEOUT_MS MAX_ATTEMPTS ' +
    'MAX_WAIT_MS MAX_PREFER_WAIT_MS MCP MCP_CONFIRM PUBLIC_URL BASE_PATH PROBLEM_BASE_URL LOG_LEVEL HOST PORT'
  ).split(' '),
);

/** Shorter texts are no secrets, and would be found everywhere. */
const SHORTEST = 8;

/** The name of a packed file is shown too, of the settings that may name one; a secret may begin with "@". */
export const isShown = (name: string, value: string): boolean =>
  SHOWN.has(name) ||
  (LIST_NAMES.some((list) => list === name) && /^@config\/[\w.-]+\.json$/.test(value));

/**
 * A request as it may be printed: without code, and without values that may be secret.
 *
 * @param wrong settings that are refused: they may hold anything, a secret too
 */
export function hideInput(input: unknown, wrong: ReadonlySet<string>): unknown {
  return JSON.parse(JSON.stringify(input), (key, value: unknown) => {
    if (key === 'ZipFile') return `<zip, ${String(value).length} characters of base64>`;
    const { Key, Value } = Object(value);
    if (typeof Key !== 'string' || typeof Value !== 'string') return value;
    if (isShown(Key, Value) && !wrong.has(Key)) return value;
    return { Key, Value: `<hidden, ${Buffer.byteLength(Value)} bytes>` };
  });
}

/** Makes the function that removes secrets from a line before it is shown: SCF's errors may repeat its input. */
export function hider(
  variables: Deployment['variables'],
  env: Environment,
): (text: string) => string {
  const hidden = Object.entries(variables).filter(([name, value]) => !isShown(name, value));
  const { secretId = '', secretKey = '', token = '' } = readCredentials(env) ?? {};
  const values = [
    secretId,
    secretKey,
    token,
    ...hidden.flatMap(([, value]) => [value, ...parts(value)]),
  ];
  const secrets = [...new Set(values)]
    .filter((value) => value.length >= SHORTEST)
    .toSorted((a, b) => b.length - a.length);
  return (text) => secrets.reduce((rest, secret) => rest.replaceAll(secret, '<hidden>'), text);
}

/** The texts in a list that is JSON: one of them may be repeated alone. */
function parts(value: string): string[] {
  const found: string[] = [];
  try {
    JSON.parse(value, (_, member: unknown) => {
      if (typeof member === 'string') found.push(member);
      return member;
    });
  } catch {
    // Not JSON: one secret as a whole.
  }
  return found;
}
