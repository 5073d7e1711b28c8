import { once } from 'node:events';
import { existsSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';

import type { Environment } from '../../src/lib/config/secret-reference.ts';
import { SettingError } from '../../src/lib/config/setting-error.ts';
import { readJsonSetting } from '../../src/lib/config/json-setting.ts';
import { LIST_NAMES } from '../build/settings-files.ts';
import { CommandError, wrongSetting } from '../cli/command-line.ts';
import { EXIT } from '../cli/exit-codes.ts';
import { settingsBase } from '../places.ts';

/** What `npm start` takes from the shell: its ports, and the gateway's settings beside the demo's. */

/** The only address that the servers of `npm start` listen on. */
export const HOST = '127.0.0.1';

/**
 * Reads the ports from the environment and checks all of them.
 *
 * @param defaults by the names of the variables
 * @throws CommandError 78 for values that are not ports, or two equal ones; 69 for ports that are in
 *   use. The message names all of them, one a line.
 */
export async function freePorts<Name extends string>(
  defaults: Readonly<Record<Name, number>>,
  env: Environment,
): Promise<Record<Name, number>> {
  const ports: Record<Name, number> = { ...defaults };
  const problems: string[] = [];
  for (const name of namesOf(defaults)) {
    const value = env[name] || String(defaults[name]);
    ports[name] = Number(value);
    const same = namesOf(defaults).find((other) => ports[other] === ports[name]);
    if (!/^[1-9]\d{0,4}$/.test(value) || ports[name] > 65_535) {
      problems.push(`${name} must be a port: a whole number from 1 to 65535.`);
    } else if (same !== undefined && same !== name) {
      problems.push(`${same} and ${name} must not be the same port.`);
    }
  }
  if (problems.length > 0) throw wrongSetting(problems.join('\n'));
  const refusals = await Promise.all(namesOf(ports).map((name) => refusalOf(name, ports[name])));
  const refused = refusals.filter((refusal) => refusal !== undefined);
  if (refused.length > 0) throw new CommandError(EXIT.unavailable, refused.join('\n'));
  return ports;
}

function namesOf<Name extends string>(record: Readonly<Record<Name, unknown>>): Name[] {
  return Object.keys(record).filter((name): name is Name => Object.hasOwn(record, name));
}

/** Why nothing can listen on a port, or undefined if something can. */
async function refusalOf(name: string, port: number): Promise<string | undefined> {
  const probe = net.createServer();
  const code = await new Promise<string | undefined>((resolve) => {
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'no reason'));
    probe.listen(port, HOST, () => resolve(undefined));
  });
  if (code !== undefined) {
    const why = WHY[code] ?? `cannot be listened on (${code})`;
    return `Port ${port} ${why}. Set ${name} to another.`;
  }
  probe.close();
  await once(probe, 'close');
  return undefined;
}

const WHY: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is in use',
  EACCES: 'is for privileged users only',
};

/** Settings that would lead to a real cloud, or to another address than the demo's. */
const REPLACED = /^(DLC_|TENCENTCLOUD_|(EMULATOR_HOST|HOST|MCP|MCP_STATE_SECRET|PUBLIC_URL)$)/;

/** The names of the shell's settings that the demo does not use, since it sets them itself. */
export function unusedSettings(env: Environment): string[] {
  return Object.keys(env).filter((name) => REPLACED.test(name) && env[name]);
}

/** What the demo sets for its gateway. */
interface DemoSettings {
  /** Settings that replace the shell's. */
  readonly settings: Readonly<Record<string, string>>;
  /** Entries that are added to the shell's, by the name of the setting. */
  readonly entries: Readonly<Record<string, readonly object[]>>;
  /** Added to the shell's `CORS_ORIGINS`. */
  readonly origin: string;
}

/** The environment of the demo's gateway: the shell's, without what leads to a real cloud. */
export function gatewayEnvironment(env: Environment, demo: DemoSettings): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(([name]) => !REPLACED.test(name));
  const entries = Object.entries(demo.entries).map(([name, added]) => [
    name,
    withEntries(env[name], added),
  ]);
  return {
    ...Object.fromEntries([...kept, ...entries]),
    CORS_ORIGINS: [demo.origin, env['CORS_ORIGINS']].filter(Boolean).join(','),
    ...demo.settings,
  };
}

/**
 * Adds the demo's entries to the end of a list of the shell's, so that a message about "entry 1" is
 * about the shell's own. What is no JSON array stays as it is: the gateway refuses it by name.
 */
function withEntries(own: string | undefined, entries: readonly object[]): string {
  if (!own) return JSON.stringify(entries);
  try {
    const listed = readJsonSetting(own, settingsBase);
    return Array.isArray(listed) ? JSON.stringify([...listed, ...entries]) : own;
  } catch (error) {
    if (error instanceof SettingError) return own;
    throw error;
  }
}

/**
 * Gives the `@path` settings with absolute paths: the server would read a relative one from its own folder.
 *
 * @returns them alone; what is neither a file nor named like one may be a secret, and is left as it is
 */
export function withPaths(env: Environment): Record<string, string> {
  const paths = LIST_NAMES.flatMap((name) => {
    const value = env[name] ?? '';
    const file = path.resolve(settingsBase, value.slice(1));
    const isPath = value.startsWith('@') && (value.endsWith('.json') || existsSync(file));
    return isPath ? [[name, `@${file}`] as const] : [];
  });
  return Object.fromEntries(paths);
}
