import { ConfigError, loadConfig, type Config } from '../../src/lib/config/config.ts';
import type { Environment } from '../../src/lib/config/secret-reference.ts';
import { failed, ok, type Finding } from './finding.ts';

/** Parses the settings as the gateway does: every wrong one is a finding, and nothing else can be checked then. */
export function checkSettings(
  env: Environment,
  baseDir: string,
): { config?: Config; findings: Finding[] } {
  try {
    const config = loadConfig(env, baseDir);
    const { apiKeys, jwtIssuers, webhookSenders, defaultRegion } = config;
    const message =
      `all can be used; API keys: ${apiKeys.size}, issuers: ${jwtIssuers.length}, ` +
      `webhook senders: ${webhookSenders.length}; default region ${defaultRegion}`;
    return { config, findings: [ok('settings', message)] };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return {
      findings: error.reasons.map((reason) => {
        const [name = ''] = reason.split(':');
        return failed('settings', 'settings', reason, `correct ${name} (README, "Settings")`);
      }),
    };
  }
}
