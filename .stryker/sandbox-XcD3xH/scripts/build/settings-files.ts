import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { badData } from '../cli/command-line.ts';
import type { ZipEntry } from './zip.ts';

/** Members of settings whose values are secrets: the entries' own, and the private parts of a JWK. */
const SECRETS = new Set(['secret', 'secrets', 'k', 'd', 'p', 'q', 'dp', 'dq', 'qi']);

/**
 * The JSON files that settings may point to (`@config/api-keys.json`), which are packed along.
 * Examples stay behind.
 *
 * @param folder `config/` of the project; there may be none
 * @throws CommandError 65 where a file is not JSON, or has a secret or an example's key in it; quotes none
 */
export function readSettingsFiles(folder: string): ZipEntry[] {
  if (!existsSync(folder)) return [];
  const examples = exampleDigests(folder);
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json') && !file.endsWith('.example.json'))
    .toSorted()
    .map((file) => {
      const contents = readFileSync(path.join(folder, file));
      const text = contents.toString('utf8');
      const at = findSecret(parse(text, file), '');
      if ([...examples].some((digest) => text.includes(digest))) {
        throw badData(`config/${file} has the sha256 of an example; ${EXAMPLE_ADVICE}`);
      }
      if (at === undefined) return { name: `config/${file}`, contents };
      throw badData(
        `config/${file} has a secret at ${at}, and would be packed with it: put "env:NAME" there, and the secret into that variable`,
      );
    });
}

export const EXAMPLE_ADVICE = 'nobody has its key: npm run key makes a key, and the entry for it';

/** The digests in the examples of `config/`, 64 hex digits each. */
export function exampleDigests(folder: string): ReadonlySet<string> {
  const examples = readdirSync(folder).filter((file) => file.endsWith('.example.json'));
  const texts = examples.map((file) => readFileSync(path.join(folder, file), 'utf8'));
  return new Set(texts.flatMap((text) => text.match(/(?<=")[0-9a-f]{64}(?=")/g) ?? []));
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
