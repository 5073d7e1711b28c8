import { DEMO_KEY_SHA256 } from './lib/auth/api-key.ts';
import type { GrantTemplate } from './lib/auth/jwt-issuers.ts';
import { permitsAnyTask, type Grant } from './lib/auth/principal.ts';
import { slipIn, type Environment } from './lib/config/secret-reference.ts';
import { attempt, faultsIn, SettingError } from './lib/config/setting-error.ts';
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
  const source = { env, baseDir };
  const table = readTable((name, { parse }, standard = '') => {
    names.push(name);
    const text = env[name] || standard;
    if (name.endsWith('PORT') && /^(tcp|udp|sctp):\/\//.test(text)) {
      warnings.push(`${name}: is ignored: Kubernetes made it for a service of that name`);
      return parse(standard, source);
    }
    // JSON has line breaks and braces of its own.
    const slip = /^\s*[[{@]/.test(text) ? undefined : slipIn(text);
    const read = () => {
      if (slip !== undefined && /^(null|undefined)$/.test(text)) throw new SettingError(slip);
      return parse(text, source);
    };
    const value = attempt(read, (reason) => {
      const addition = slip === undefined || slip === reason ? '' : `; it ${slip}`;
      reasons.push(`${name}: ${reason}${addition}`);
    });
    return value ?? parse(standard, source);
  });
  if (!env['DLC_REGION'] && !env['TENCENTCLOUD_REGION']) {
    reasons.unshift('DLC_REGION: must be set, for example to ap-guangzhou');
  }
  const wrong = new Set(reasons.map(nameIn));
  reasons.push(...contradictions(table, wrong).filter((reason) => !wrong.has(nameIn(reason))));
  warnings.push(...misspelt(env, names), ...(reasons.length === 0 ? doubts(table) : []));
  const settings = { ...table, warnings };
  if (reasons.length > 0) throw new SettingsError(reasons, settings);
  return settings;
}

/** The setting that a sentence is about. */
const nameIn = (sentence: string): string | undefined => sentence.split(':')[0];

const CALLERS = ['API_KEYS', 'JWT_ISSUERS', 'WEBHOOK_SENDERS'] as const;

/**
 * Says what is wrong with a setting only in the light of others.
 *
 * @param wrong the settings that could not be read: the table has their defaults
 */
function contradictions(table: Table, wrong: ReadonlySet<unknown>): string[] {
  const { mcp, publicUrl, mcpConfirm, mcpStateSecret = '', port, metricsPort } = table;
  return faultsIn({
    [`${CALLERS.join(', ')}: one must have an entry, or nobody can call`]:
      callersIn(table).length === 0 && !CALLERS.some((name) => wrong.has(name)),
    'API_KEYS: has the sha256 of the demo key, which everybody knows: npm run key makes a key':
      table.apiKeys.has(DEMO_KEY_SHA256) && !table.endpoint.connectTo,
    'TASK_STATE_LOOKUP: must be on if an entry has engines or an owner, which DLC is asked for':
      needLookups(table) && !table.taskStateLookup,
    'PUBLIC_URL: must be set if MCP is on': mcp && publicUrl === undefined,
    'MCP_STATE_SECRET: must have at least 32 bytes if MCP_CONFIRM is on':
      mcpConfirm && Buffer.byteLength(mcpStateSecret) < 32,
    'METRICS_PORT: must not be PORT, which the gateway listens on':
      metricsPort === port && port !== 0,
  });
}

/** Says what is allowed, but most likely a slip. */
function doubts(table: Table): string[] {
  const { mcp, mcpConfirm, publicUrl = '', basePath, webhookSenders, blockedPrincipals } = table;
  const known = new Set(callersIn(table).map(({ id }) => id));
  const blocked = [...blockedPrincipals].map((one) => one.split(':', 2).join(':'));
  // A misspelt one blocks no caller.
  const unknown = [...new Set(blocked)].filter((one) => !known.has(one));
  return [
    ...unknown.map((one) => `BLOCKED_PRINCIPALS: ${one} is no configured key, sender or issuer`),
    ...doubtfulSenders(webhookSenders),
    ...faultsIn({
      'MCP_CONFIRM: has no effect while MCP is off': mcpConfirm && !mcp,
      'PUBLIC_URL: ends in /mcp, which the gateway adds itself': /\/mcp\/?$/.test(publicUrl),
      'PUBLIC_URL: does not end in BASE_PATH': mcp && !publicUrl.endsWith(basePath),
    }),
  ];
}

type Callers = Pick<Table, 'apiKeys' | 'webhookSenders' | 'jwtIssuers'>;

/** All entries: any one of `grants` gives permission, within all of `bounds`. */
const callersIn = ({ apiKeys, webhookSenders, jwtIssuers }: Callers) => [
  ...[...apiKeys.values(), ...webhookSenders].map(({ principal: { id, grants } }) => {
    return { id, grants, bounds: [], needsDetails: false };
  }),
  ...jwtIssuers.map((issuer) => {
    const { id, grants = [issuer], requireAuthorizationDetails: needsDetails = false } = issuer;
    return { id: `jwt:${id}`, grants, bounds: [issuer], needsDetails };
  }),
];

/** Names the entries that may act on every task without saying that this is meant. */
export function unrestrictedEntries(callers: Callers): readonly string[] {
  const open = callersIn(callers).filter(
    ({ grants, bounds, needsDetails }) =>
      !needsDetails && grants.some(isOpen) && bounds.every(isOpen),
  );
  return [...new Set(open.map(({ id }) => id))];
}

const isOpen = ({ engines, regions, owner }: Grant | GrantTemplate): boolean =>
  [engines, regions, owner].every((restriction) => restriction === undefined);

/** Whether any entry has `engines` or `owner`, which DLC is asked for. */
export const needLookups = (callers: Callers): boolean =>
  callersIn(callers).some(
    ({ grants, bounds }) => ![...grants, ...bounds].every((grant) => permitsAnyTask(grant)),
  );

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
