import type { ChildProcess } from 'node:child_process';
import { pipeline } from 'node:stream/promises';

import { startEmulator, type Emulator } from '../emulator/emulator.ts';
import { readSettings, SettingsError } from '../emulator/settings.ts';
import type { Environment } from '../src/lib/config/secret-reference.ts';
import { buildDist } from './build/build-dist.ts';
import { wrongSetting } from './cli/command-line.ts';
import { startGateway, untilEnded, untilHealthy } from './start/gateway-process.ts';
import { GatewayLog } from './start/gateway-log.ts';
import { playgroundApi } from './playground/api.ts';
import { playgroundPages } from './playground/pages.ts';
import { startPlayground } from './playground/server.ts';
import { referencePages } from './playground/reference-pages.ts';
import { demoPage, demoTasks, makeDemoCallers } from './start/demo.ts';
import { freePorts, HOST } from './start/ports.ts';

/** So soon that the gateway finds a task cancelled when it looks for what became of a lost answer. */
const CANCEL_MS = 250;

const PORTS = { PORT: 9000, EMULATOR_PORT: 9001, PLAYGROUND_PORT: 9002 };

const DEMO_REGION = 'ap-guangzhou';

/**
 * Starts the gateway on this machine, until it is ended.
 *
 * @param emulator whether it calls an emulator of DLC, and not the real one
 * @returns the exit code @throws CommandError 69, 78
 */
export async function start({ emulator }: { readonly emulator: boolean }): Promise<number> {
  const isAlone = !emulator;
  const ports = isAlone
    ? { ...PORTS, ...(await freePorts({ PORT: PORTS.PORT }, process.env)) }
    : await freePorts(PORTS, process.env);
  const cancelMs = isAlone ? CANCEL_MS : cancelMsFrom(process.env);
  await buildDist();
  return isAlone ? startAlone(ports.PORT) : startDemo(ports, cancelMs);
}

/** How soon the emulator cancels. @throws CommandError 78 */
function cancelMsFrom(env: Environment): number {
  const EMULATOR_CANCEL_MS = env['EMULATOR_CANCEL_MS'] || String(CANCEL_MS);
  try {
    return readSettings({ EMULATOR_CANCEL_MS }).cancelMs;
  } catch (error) {
    throw error instanceof SettingsError ? wrongSetting(error.message) : error;
  }
}

async function startAlone(port: number): Promise<number> {
  const gateway = startGateway(process.env, port);
  return untilEnded(gateway);
}

async function startDemo(ports: typeof PORTS, cancelMs: number): Promise<number> {
  const { PORT: port } = ports;
  const emulator = await startEmulator({ port: ports.EMULATOR_PORT, cancelMs });
  const url = `http://${HOST}:${port}`;
  const callers = makeDemoCallers(process.env);
  const log = new GatewayLog(process.env['LOG_LEVEL']);
  const api = playgroundApi({ emulator, gateway: url, callers, log });
  const pages = { ...playgroundPages(), ...referencePages(url), ...api.routes };
  const playground = await startPlayground(ports.PLAYGROUND_PORT, pages, [url]);
  try {
    emulator.addTasks(demoTasks());
    const env = { ...demoEnvironment(emulator, playground.url), ...callers.env };
    const gateway = startGateway({ ...env, LOG_LEVEL: log.level }, port, 'pipe');
    const shown = show(gateway, log);
    await untilHealthy(url, gateway, shown);
    const addresses = { gateway: url, emulator: emulator.url, playground: playground.url };
    process.stdout.write(await demoPage(addresses, callers));
    const exitCode = await untilEnded(gateway);
    await shown;
    return exitCode;
  } finally {
    api.stop();
    await playground.close();
    await emulator.close();
  }
}

/** The shell's environment without anything that leads to a real cloud. */
function demoEnvironment(emulator: Emulator, playground: string): NodeJS.ProcessEnv {
  const harmless = Object.entries(process.env).filter(
    ([name]) => !/^(DLC|TENCENTCLOUD)_/.test(name),
  );
  return {
    ...Object.fromEntries(harmless),
    DLC_REGION: DEMO_REGION,
    DLC_REGIONS: `${DEMO_REGION},ap-singapore`,
    DLC_ENDPOINT: emulator.url,
    CORS_ORIGINS: [playground, process.env['CORS_ORIGINS']].filter(Boolean).join(','),
    TENCENTCLOUD_SECRETID: emulator.secretId,
    TENCENTCLOUD_SECRETKEY: emulator.secretKey,
  };
}

/** Where nobody reads the terminal any more, the gateway's stdout is closed too: it sees to that itself. */
async function show(gateway: ChildProcess, log: GatewayLog): Promise<void> {
  if (!gateway.stdout) return;
  await pipeline(gateway.stdout, log, process.stdout, { end: false }).catch(() => {});
}
