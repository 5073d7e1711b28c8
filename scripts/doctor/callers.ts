import type { Settings } from '../../src/settings.ts';
import type { Environment } from '../../src/lib/config/secret-reference.ts';
import { readJsonSetting } from '../../src/lib/config/json-setting.ts';
import { failed, ok, warning, type Finding } from './finding.ts';
import { commandLine } from '../cli/command.ts';

const DAY_MS = 24 * 3600 * 1000;
const SOON_DAYS = 14;

/** Keys that have expired, or will within 14 days; and whether anybody is left who can call. */
export function checkCallers(
  { apiKeys, jwtIssuers, webhookSenders }: Settings,
  now: number,
): Finding[] {
  const keys = [...apiKeys.values()];
  const findings = keys.flatMap(({ principal, expiresAt }) =>
    expiresAt === undefined ? [] : expiryOf(principal.id, expiresAt, now),
  );
  const hasKey = keys.some(({ expiresAt = Infinity }) => expiresAt > now);
  if (!hasKey && jwtIssuers.length + webhookSenders.length === 0) {
    const advice = `make a new one: ${commandLine('key', '--id NAME')}`;
    findings.push(
      failed('callers', 'settings', 'every API key has expired: nobody can call', advice),
    );
  }
  return findings.length > 0 ? findings : [ok('callers', 'no API key expires within 14 days')];
}

function expiryOf(id: string, expiresAt: number, now: number): Finding[] {
  const name = id.replace(/^key:/, '');
  const day = new Date(expiresAt).toISOString();
  const replace = `make another with ${commandLine('key', `--id ${name}`)}, and put both in API_KEYS`;
  if (expiresAt <= now) {
    const advice = `its holder gets a 401; remove the entry, or ${replace}`;
    return [warning('callers', `a key of ${name} has expired (${day})`, advice)];
  }
  if (expiresAt - now > SOON_DAYS * DAY_MS) return [];
  const days = Math.ceil((expiresAt - now) / DAY_MS);
  return [warning('callers', `a key of ${name} expires in ${days} days (${day})`, replace)];
}

/** Settings that hold secrets, and where they may be written down in a file that is packed. */
const LISTS = ['JWT_ISSUERS', 'WEBHOOK_SENDERS'] as const;

/** Whether secrets come from `env:NAME`; that each such variable is set, the settings' own check has said. */
export function checkSecrets(env: Environment, baseDir: string): Finding[] {
  return LISTS.flatMap((name): Finding[] => {
    const value = env[name];
    if (!value) return [];
    const secrets = secretsIn(readJsonSetting(value, baseDir));
    const inline = secrets.filter((secret) => !/^(env:|whpk_)/.test(secret)).length;
    if (secrets.length === 0) return [];
    if (inline === 0) return [ok('secrets', `${name}: none is written down in it`)];
    const where = value.startsWith('@') ? 'the file that it points to' : 'it';
    const advice = 'put each into a variable of its own, and write "env:NAME" in its place';
    return [warning('secrets', `${name}: ${inline} written down in ${where}`, advice)];
  });
}

/** `secret` of an issuer, `secrets` of a sender. The settings have been checked before. */
function secretsIn(entries: unknown): string[] {
  if (!Array.isArray(entries)) return [];
  return entries.flatMap((entry: unknown) => {
    const { secret, secrets }: { secret?: unknown; secrets?: unknown } = Object(entry);
    const all: unknown[] = [secret, ...(Array.isArray(secrets) ? secrets : [])];
    return all.filter((one) => typeof one === 'string');
  });
}
