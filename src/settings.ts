import { DEMO_KEY_SHA256 } from './lib/auth/api-key.ts';
import { needLookups, principalsOf } from './lib/auth/grants.ts';
import { slipIn, type Environment } from './lib/config/secret-reference.ts';
import { reasonsIn, SettingError } from './lib/config/setting-error.ts';
import { doubtfulSenders } from './lib/webhooks/webhook-senders.ts';
import { readTable, type Table } from './settings-table.ts';

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
  const names: string[] = [];
  const table = readTable((name, { parse }, standard = '') => {
    names.push(name);
    const source = { env, baseDir };
    const text = env[name] || standard;
    try {
      if (name.endsWith('PORT') && /^(tcp|udp|sctp):\/\//.test(text)) {
        warnings.push(`${name}: is ignored: Kubernetes made it for a service of that name`);
      } else if (/^(null|undefined)$/.test(text)) throw new SettingError();
      else return parse(text, source);
    } catch (error) {
      if (!(error instanceof SettingError)) throw error;
      reasons.push(...withSlip(error.reasons, text).map((reason) => `${name}: ${reason}`));
    }
    return parse(standard, source);
  });
  if (!env['DLC_REGION'] && !env['TENCENTCLOUD_REGION']) {
    reasons.unshift('DLC_REGION: must be set, for example to ap-guangzhou');
  }
  const blamed = new Set(reasons.map((reason) => reason.split(':')[0]));
  const others = contradictions(table, env);
  reasons.push(...others.filter((reason) => !blamed.has(reason.split(':')[0])));
  const doubts =
    reasons.length === 0
      ? [...strangers(table), ...doubtfulSenders(table.webhookSenders), ...doubtfulForAgents(table)]
      : [];
  warnings.push(...misspelt(env, names), ...doubts);
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

/** Says what is wrong with a setting only in the light of others. */
function contradictions(table: Table, env: Environment): string[] {
  const isAnyGiven = CALLER_SETTINGS.some((name) => env[name] && env[name] !== '[]');
  return reasonsIn([
    [
      principalsOf(table).length + table.jwtIssuers.length === 0 && !isAnyGiven,
      `${CALLER_SETTINGS.join(', ')}: one must have an entry, or nobody can call`,
    ],
    [
      table.apiKeys.has(DEMO_KEY_SHA256) && !table.endpoint.connectTo,
      'API_KEYS: has the sha256 of the demo key, which everybody knows: npm run key makes a key',
    ],
    [
      needLookups(table) && !table.taskStateLookup,
      'TASK_STATE_LOOKUP: must be on if an entry has engines or an owner, which DLC is asked for',
    ],
    [table.mcp && table.publicUrl === undefined, 'PUBLIC_URL: must be set if MCP is on'],
    [
      table.mcpConfirm && Buffer.byteLength(table.mcpStateSecret ?? '') < 32,
      'MCP_STATE_SECRET: must have at least 32 bytes if MCP_CONFIRM is on',
    ],
    [
      table.metricsPort === table.port && table.port !== 0,
      'METRICS_PORT: must not be PORT, which the gateway listens on',
    ],
  ]);
}

/** Says which settings for agents are allowed, but most likely a slip. */
function doubtfulForAgents({ mcp, mcpConfirm, publicUrl = '', basePath }: Table): string[] {
  return reasonsIn([
    [mcpConfirm && !mcp, 'MCP_CONFIRM: has no effect while MCP is off'],
    [/\/mcp\/?$/.test(publicUrl), 'PUBLIC_URL: ends in /mcp, which the gateway adds itself'],
    [mcp && !publicUrl.endsWith(basePath), 'PUBLIC_URL: does not end in BASE_PATH'],
  ]);
}

/** Names variables that are not settings, but one edit, or only their case, away from the name of one. */
export function misspelt(env: Environment, settings: readonly string[]): string[] {
  return Object.keys(env).flatMap((name) => {
    const near = settings.find((setting) => isNear(name, setting));
    if (!env[name] || settings.includes(name) || near === undefined) return [];
    return [`${name.replace(/\W/g, '?')}: is no setting and is ignored; ${near} is one`];
  });
}

/** Whether one letter is too many, too few or another one, or two are swapped. */
function isNear(name: string, setting: string): boolean {
  if (name.toUpperCase() === setting) return true;
  let start = 0;
  while (start < name.length && name[start] === setting[start]) start += 1;
  const [ours, theirs] = [name.slice(start), setting.slice(start)];
  const near = [ours.slice(1), `${ours[1]}${ours[0]}${ours.slice(2)}`];
  return near.includes(theirs) || [ours, ours.slice(1)].includes(theirs.slice(1));
}

/** Names blocked principals that no entry makes: a misspelt one blocks no caller. */
function strangers(table: Table): string[] {
  const principals = principalsOf(table).map(({ id }) => id);
  const known = new Set([...principals, ...table.jwtIssuers.map(({ id }) => `jwt:${id}`)]);
  const blocked = [...table.blockedPrincipals].map((one) => /^[^:]*:[^:]*/.exec(one)?.[0] ?? one);
  return [...new Set(blocked)]
    .filter((one) => !known.has(one))
    .map((one) => `BLOCKED_PRINCIPALS: ${one} is no configured key, sender or issuer`);
}
