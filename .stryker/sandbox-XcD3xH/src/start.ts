import { readFileSync } from 'node:fs';
import path from 'node:path';

import {
  createGateway,
  createRefusingGateway,
  type Gateway,
  type WorkingGateway,
} from './gateway.ts';
import { systemClock } from './lib/clock.ts';
import { ConfigError, loadConfig, type Config } from './lib/config/config.ts';
import { createDlcClient } from './lib/dlc/client.ts';
import { readCredentials } from './lib/dlc/credentials.ts';
import { emfObserver } from './lib/observability/emf.ts';
import { createLog, LOG_LEVELS, type Log, type ObservedLog } from './lib/observability/log.ts';

/** What both entries begin with: settings from the environment, and the gateway that they make. */

export type Environment = Readonly<Record<string, string | undefined>>;

/** A log at the configured level, or at `info` where that setting is wrong itself. */
export function openLog(env: Environment): ObservedLog {
  return createLog(LOG_LEVELS.find((level) => level === env['LOG_LEVEL']) ?? 'info');
}

/** @throws ConfigError with every wrong setting */
export function startGateway(
  env: Environment,
  baseDir: string,
  log: Log,
): { gateway: WorkingGateway; config: Config } {
  const config = loadConfig(env, baseDir);
  if (!readCredentials(env)) {
    log.write('warn', 'no-credentials', { reason: 'the environment has no cloud credentials yet' });
  }
  const dlc = createDlcClient(config.endpoint, env);
  const readDocument = (): string => readFileSync(path.join(baseDir, 'openapi.json'), 'utf8');
  const around = { dlc, log, clock: systemClock, random: Math.random, readDocument };
  return { gateway: createGateway(config, around), config };
}

/** Writes a line for each wrong setting. */
export function logConfigError(error: ConfigError, log: Log): void {
  for (const reason of error.reasons) log.write('error', 'wrong-setting', { reason });
}

/**
 * Gives the gateway of a function, made at the first call: a success is kept; where the settings are
 * wrong it refuses every request, and looks again at the next (a mounted file may have come).
 */
export function lazyGateway(env: Environment, baseDir: string, log: ObservedLog): () => Gateway {
  let gateway: Gateway | undefined;
  let told = '';
  return () => {
    if (gateway) return gateway;
    try {
      const started = startGateway(env, baseDir, log);
      if (started.config.metricsEmf) log.observe(emfObserver());
      gateway = started.gateway;
      return gateway;
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      if (told !== error.message) logConfigError(error, log);
      told = error.message;
      return createRefusingGateway(error.rim, log, systemClock);
    }
  };
}
