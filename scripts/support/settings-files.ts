import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { badData } from './command-line.ts';
import type { ZipEntry } from './zip.ts';

/** Members of settings whose values are secrets: the entries' own, and the private parts of a JWK. */
const SECRETS = new Set(['secret', 'secrets', 'k', 'd', 'p', 'q', 'dp', 'dq', 'qi']);

/**
 * The JSON files that settings may point to (`@config/api-keys.json`), which are packed along.
 * Examples stay behind.
 *
 * @param folder `config/` of the project; there may be none
 * @throws CommandError 65 where a file is not JSON, or has a secret in it; quotes neither
 */
export function readSettingsFiles(folder: string): ZipEntry[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json') && !file.endsWith('.example.json'))
    .toSorted()
    .map((file) => {
      const contents = readFileSync(path.join(folder, file));
      const at = findSecret(parse(contents.toString('utf8'), file), '');
      if (at === undefined) return { name: `config/${file}`, contents };
      throw badData(
        `config/${file} has a secret at ${at}, and would be packed with it: put "env:NAME" there, and the secret into that variable`,
      );
    });
}

function parse(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw badData(`config/${file} is not JSON`);
  }
}

/** Where the first secret is, such as `0.secrets.1`; a reference or a public key is none. */
function findSecret(value: unknown, at: string, isSecret = false): string | undefined {
  if (typeof value === 'string') {
    return isSecret && !/^(env:|whpk_)/.test(value) ? at : undefined;
  }
  for (const [name, member] of Object.entries(Object(value))) {
    const isSecretHere = Array.isArray(value) ? isSecret : SECRETS.has(name);
    const found = findSecret(member, at === '' ? name : `${at}.${name}`, isSecretHere);
    if (found !== undefined) return found;
  }
  return undefined;
}
