import type { Environment } from '../../src/lib/config/secret-reference.ts';
import { loadSettings, SettingsError, type Settings } from '../../src/settings.ts';
import { failed, ok, warning, type Finding } from './finding.ts';

/** Reads the settings as the gateway does. Each wrong one is a finding, and then nothing else can be checked. */
export function checkSettings(
  env: Environment,
  baseDir: string,
): { config?: Settings; findings: Finding[] } {
  try {
    const config = loadSettings(env, baseDir);
    const { apiKeys, jwtIssuers, webhookSenders, defaultRegion, warnings } = config;
    const message =
      `all can be used; API keys: ${apiKeys.size}, issuers: ${jwtIssuers.length}, ` +
      `webhook senders: ${webhookSenders.length}; default region ${defaultRegion}`;
    return { config, findings: [ok('settings', message), ...doubts(warnings)] };
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    const wrong = error.reasons.map((reason) =>
      failed('settings', 'settings', reason, `correct ${nameIn(reason)} (docs/settings.md)`),
    );
    return { findings: [...wrong, ...doubts(error.warnings)] };
  }
}

function doubts(warnings: readonly string[]): Finding[] {
  return warnings.map((one) =>
    warning('settings', one, `correct or remove ${nameIn(one)} (docs/settings.md)`),
  );
}

const nameIn = (sentence: string): string => sentence.split(':')[0] ?? '';
