import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';

import { toApiKeys } from '../../src/lib/auth/api-key.ts';
import { apiKeyEntries, jwtIssuerEntries } from '../../src/lib/auth/entries.ts';
import type { Environment } from '../../src/lib/config/secret-reference.ts';
import { SettingError } from '../../src/lib/config/setting-error.ts';
import { fitting } from '../../src/lib/config/setting-values.ts';
import { webhookSenderEntries } from '../../src/lib/webhooks/sender-entries.ts';
import { commandLine } from '../cli/command.ts';
import { badData } from '../cli/command-line.ts';
import type { ZipEntry } from './zip.ts';

/** The settings that may name a file, and how the gateway checks what is in it. */
const LISTS = {
  API_KEYS: (value: unknown) => toApiKeys(fitting(apiKeyEntries, value)),
  JWT_ISSUERS: (value: unknown) => fitting(jwtIssuerEntries, value),
  WEBHOOK_SENDERS: (value: unknown) => fitting(webhookSenderEntries, value),
} as const;
type ListName = keyof typeof LISTS;
export const LIST_NAMES: readonly ListName[] = ['API_KEYS', 'JWT_ISSUERS', 'WEBHOOK_SENDERS'];

/** Members of entries whose values are secrets: the entries' own, and the private parts of a JWK. */
const SECRETS = new Set(['secret', 'secrets', 'k', 'd', 'p', 'q', 'dp', 'dq', 'qi']);

interface Named {
  readonly setting: ListName;
  /** Relative to `config/`. */
  readonly file: string;
}

/**
 * The files of `config/` that settings name (`API_KEYS=@config/api-keys.json`): those are packed, and no
 * others. A setting counts as it stands in a serverless file or, if it is a variable, in the environment.
 *
 * @param root the project's folder; it may have no `config/`
 * @throws CommandError 65 if a file cannot be read, is not what the setting takes, has a secret or an
 *   example's digest, or is a link to outside; the message quotes nothing of the file
 */
export function readSettingsFiles(root: string, env: Environment): ZipEntry[] {
  const folder = path.join(root, 'config');
  const named = namedFiles(root, env);
  const files = [...new Set(named.map(({ file }) => file))].toSorted();
  return files.map((file) => {
    const contents = readInside(folder, file);
    const text = contents.toString('utf8');
    const value = parse(text, file);
    refuseSecrets(value, file);
    if ([...exampleDigests(folder)].some((digest) => text.includes(digest))) {
      throw badData(`config/${file} has the sha256 of an example; ${EXAMPLE_ADVICE}`);
    }
    for (const one of named) if (one.file === file) checkEntries(one, value);
    return { name: `config/${file}`, contents };
  });
}

/** JSON files of `config/` that stay behind, since no setting names them; examples are not among them. */
export function unnamedFiles(root: string, env: Environment): string[] {
  const folder = path.join(root, 'config');
  const named = new Set(namedFiles(root, env).map(({ file }) => file));
  const all = existsSync(folder) ? readdirSync(folder) : [];
  return all.filter(
    (file) => file.endsWith('.json') && !file.endsWith('.example.json') && !named.has(file),
  );
}

const EXAMPLE_ADVICE = `nobody has its key: ${commandLine('key')} makes a key, and the entry for it`;

/** The digests in the examples of `config/`, 64 hex digits each. */
function exampleDigests(folder: string): ReadonlySet<string> {
  const all = existsSync(folder) ? readdirSync(folder) : [];
  const examples = all.filter((file) => file.endsWith('.example.json'));
  const texts = examples.map((file) => readFileSync(path.join(folder, file), 'utf8'));
  return new Set(texts.flatMap((text) => text.match(/(?<=")[0-9a-f]{64}(?=")/g) ?? []));
}

function namedFiles(root: string, env: Environment): Named[] {
  const templates = readdirSync(root)
    .filter((file) => /^serverless.*\.ya?ml$/.test(file))
    .map((file) => readFileSync(path.join(root, file), 'utf8'));
  return LIST_NAMES.flatMap((setting) => {
    const line = new RegExp(`^\\s*${setting}:\\s*["']?(@[^\\s"'#]+)`, 'gm');
    const written = templates.flatMap((text) => [...text.matchAll(line)].map(([, value]) => value));
    return [env[setting], ...written].flatMap((value) => {
      const [, file] =
        /^config\/(.+)$/.exec(path.posix.normalize(value?.replace(/^@/, '') ?? '')) ?? [];
      return file === undefined || !value?.startsWith('@') ? [] : [{ setting, file }];
    });
  });
}

/** Reads a file of `config/`, not by way of a link that leads out of it. */
function readInside(folder: string, file: string): Buffer {
  let real: string;
  try {
    real = path.relative(realpathSync(folder), realpathSync(path.join(folder, file)));
  } catch {
    throw badData(`config/${file} is not there, and a setting names it`);
  }
  if (real.startsWith('..') || path.isAbsolute(real)) {
    throw badData(`config/${file} is a link to a file outside config/: put the file itself there`);
  }
  return readFileSync(path.join(folder, file));
}

function parse(text: string, file: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    throw badData(`config/${file} is not JSON`);
  }
}

function checkEntries({ setting, file }: Named, value: unknown): void {
  try {
    LISTS[setting](value);
  } catch (error) {
    if (!(error instanceof SettingError)) throw error;
    const isDigest = error.message.includes('.sha256 ');
    const hint = isDigest
      ? `; a sha256 is the digest of a key, never the key: ${commandLine('key')}`
      : '';
    throw badData(`config/${file} cannot be ${setting}: ${error.message}${hint}`);
  }
}

function refuseSecrets(value: unknown, file: string): void {
  const at = findSecret(value, '');
  if (at === undefined) return;
  throw badData(
    `config/${file} has a secret at ${at}, and would be packed with it: put "env:NAME" there, and the secret into that variable`,
  );
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
