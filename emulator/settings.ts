import { defaultCredentials } from './emulator.ts';
import type { EmulatorOptions } from './emulator.ts';

/** The settings of the process. */
type EmulatorSettings = Required<
  Pick<EmulatorOptions, 'port' | 'host' | 'secretId' | 'secretKey' | 'cancelMs'>
>;

/** Wrong settings. The message names all of them, one a line. */
export class SettingsError extends Error {}

const defaultPort = 9001;
const defaultCancelMs = 1000;

/**
 * Reads the settings of `npm run emulator`. An empty variable counts as absent.
 *
 * @throws SettingsError
 */
export function readSettings(env: Readonly<Record<string, string | undefined>>): EmulatorSettings {
  const problems: string[] = [];
  const text = (name: string, absent: string): string => env[name] || absent;
  const integer = (name: string, absent: number, max: number): number => {
    const value = text(name, String(absent));
    if (/^\d{1,10}$/.test(value) && Number(value) <= max) return Number(value);
    problems.push(`${name} must be an integer from 0 to ${max}.`);
    return absent;
  };
  const settings = {
    port: integer('EMULATOR_PORT', defaultPort, 65_535),
    host: text('EMULATOR_HOST', '127.0.0.1'),
    secretId: text('EMULATOR_SECRET_ID', defaultCredentials.secretId),
    secretKey: text('EMULATOR_SECRET_KEY', defaultCredentials.secretKey),
    cancelMs: integer('EMULATOR_CANCEL_MS', defaultCancelMs, 86_400_000),
  };
  if (/[\s,/]/.test(settings.secretId)) {
    problems.push('EMULATOR_SECRET_ID must have no space, comma or slash in it.');
  }
  if (problems.length > 0) throw new SettingsError(problems.join('\n'));
  return settings;
}
