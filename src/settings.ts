import { DEMO_KEY_SHA256 } from './lib/auth/api-key.ts';
import { needLookups } from './lib/auth/entry-restrictions.ts';
import { nearNames } from './lib/config/near-names.ts';
import { slipIn, type Environment } from './lib/config/secret-reference.ts';
import { SettingError } from './lib/config/setting-error.ts';
import { readTable, type Read, type Table } from './settings-table.ts';

/** Everything that the environment says to the gateway, but for the cloud credentials. */
export interface Settings extends Table {
  /** Sentences for the log: the gateway can work, but probably not as was meant. */
  readonly warnings: readonly string[];
}

/** Every wrong setting, one sentence each; names settings, never quotes a value. */
export class SettingsError extends Error {
  readonly reasons: readonly string[];
  readonly warnings: readonly string[];
  /** The settings that shape a response, as far as they are right: a frontend must be able to read the 500. */
  readonly responses: Pick<Settings, 'corsOrigins' | 'problemPrefix'>;

  constructor(reasons: readonly string[], settings: Settings) {
    super(reasons.join('\n'));
    this.reasons = reasons;
    this.warnings = settings.warnings;
    this.responses = settings;
  }
}

/**
 * Reads all settings before it says what is wrong.
 *
 * @param env the process's environment; an empty value counts as not set
 * @param baseDir what `@path` settings are relative to
 * @throws SettingsError with every reason
 */
export function loadSettings(env: Environment, baseDir: string): Settings {
  const reasons: string[] = [];
  const warnings: string[] = [];
  const names = new Set<string>();
  const read: Read = (name, { parse }, standard = '') => {
    names.add(name);
    const source = { env, baseDir };
    const text = env[name] ?? '';
    if (text === '') return parse(standard, source);
    if (name.endsWith('PORT') && /^(tcp|udp|sctp):\/\//.test(text)) {
      warnings.push(`${name}: is ignored: Kubernetes made it for a service of that name`);
      return parse(standard, source);
    }
    try {
      if (/^(null|undefined)$/.test(text)) throw new SettingError();
      return parse(text, source);
    } catch (error) {
      if (!(error instanceof SettingError)) throw error;
      reasons.push(...withSlip(error.reasons, text).map((reason) => `${name}: ${reason}`));
      return parse(standard, source);
    }
  };
  const table = readTable(read);
  if (!env['DLC_REGION'] && !env['TENCENTCLOUD_REGION']) {
    reasons.unshift('DLC_REGION: must be set, for example to ap-guangzhou');
  }
  reasons.push(...contradictions(table, env));
  warnings.push(...misspelt(env, names));
  if (reasons.length === 0) warnings.push(...strangers(table));
  const settings = { ...table, warnings };
  if (reasons.length > 0) throw new SettingsError(reasons, settings);
  return settings;
}

/** Adds what happened to the text on its way here, if it shows. JSON has line breaks and braces of its own. */
function withSlip(reasons: readonly string[], text: string): readonly string[] {
  const slip = /^\s*[[{@]/.test(text) ? undefined : slipIn(text);
  if (slip === undefined || reasons.includes(slip)) return reasons;
  return reasons.length === 0 ? [slip] : reasons.map((reason) => `${reason}; it ${slip}`);
}

const CALLER_SETTINGS = ['API_KEYS', 'JWT_ISSUERS', 'WEBHOOK_SENDERS'] as const;

/** What is wrong with a setting only in the light of others. */
function contradictions(table: Table, env: Environment): string[] {
  const { apiKeys, jwtIssuers, webhookSenders } = table;
  const keys = [...apiKeys.values(), ...webhookSenders].map(({ principal }) => principal);
  const callers = [...keys, ...jwtIssuers];
  const found: string[] = [];
  const isAnyWrong = CALLER_SETTINGS.some((name) => env[name] && env[name] !== '[]');
  if (callers.length === 0 && !isAnyWrong) {
    found.push(`${CALLER_SETTINGS.join(', ')}: one must have an entry, or nobody can call`);
  }
  if (apiKeys.has(DEMO_KEY_SHA256) && !table.endpoint.connectTo) {
    found.push(
      'API_KEYS: has the sha256 of the demo key, which everybody knows: npm run key makes a key',
    );
  }
  if (needLookups(table) && !table.taskStateLookup) {
    found.push(
      'TASK_STATE_LOOKUP: must be on if an entry has engines or an owner, which DLC is asked for',
    );
  }
  if (table.metricsPort === table.port && table.port !== 0) {
    found.push('METRICS_PORT: must not be PORT, which the gateway listens on');
  }
  return found;
}

function misspelt(env: Environment, names: ReadonlySet<string>): string[] {
  const variables = Object.keys(env).filter((name) => env[name]);
  return nearNames(variables, names).map(
    ([name, near]) => `${name.replace(/\W/g, '?')}: is no setting and is ignored; ${near} is one`,
  );
}

/** Blocked principals that no entry makes: a misspelt one blocks no caller. */
function strangers({ blockedPrincipals, apiKeys, jwtIssuers, webhookSenders }: Table): string[] {
  const known = new Set([
    ...[...apiKeys.values(), ...webhookSenders].map(({ principal }) => principal.id),
    ...jwtIssuers.map(({ id }) => `jwt:${id}`),
  ]);
  const nobody = [...blockedPrincipals]
    .map((one) => one.split(':').slice(0, 2).join(':'))
    .filter((one) => !known.has(one));
  return [...new Set(nobody)].map(
    (one) => `BLOCKED_PRINCIPALS: ${one} is no configured key, sender or issuer`,
  );
}
