import type { ChildProcess } from 'node:child_process';
import { pipeline } from 'node:stream/promises';

import { startEmulator, type Emulator } from '../emulator/emulator.ts';
import { readSettings, SettingsError } from '../emulator/settings.ts';
import type { Environment } from '../src/lib/config/secret-reference.ts';
import { newTokenSecret } from './callers/token-sign.ts';
import { wrongSetting } from './cli/command-line.ts';
import { isCheckout } from './places.ts';
import { playgroundApi } from './playground/api.ts';
import { playgroundPages } from './playground/pages.ts';
import { startPlayground } from './playground/server.ts';
import { demoPage, demoTasks, makeDemoCallers } from './start/demo.ts';
import { GatewayLog, startGateway, untilEnded, untilHealthy } from './start/gateway.ts';
import { freePorts, gatewayEnvironment, HOST, unusedSettings } from './start/settings.ts';

/** Short enough that the gateway's lookup after a lost response finds the task cancelled. */
const CANCEL_MS = '250';

const PORTS = { PORT: 9000, EMULATOR_PORT: 9001, PLAYGROUND_PORT: 9002 };

const DEMO_REGION = 'ap-guangzhou';

/**
 * Starts the gateway on this machine, and waits until it has ended.
 *
 * @param emulator whether an emulator takes the place of DLC
 * @returns the exit code
 * @throws CommandError 69, 78
 */
export async function start({ emulator }: { readonly emulator: boolean }): Promise<number> {
  if (!emulator) {
    const { PORT } = await freePorts({ PORT: PORTS.PORT }, process.env);
    await build();
    return untilEnded(startGateway(process.env, PORT));
  }
  const ports = await freePorts(PORTS, process.env);
  const settings = emulatorSettings(process.env);
  await build();
  return startDemo(ports, settings);
}

/** The package is built already, and has nothing to build with. */
async function build(): Promise<void> {
  if (isCheckout) await (await import('./build/build-dist.ts')).buildDist();
}

/** The emulator's settings; its port and its address are the demo's. @throws CommandError 78 */
function emulatorSettings(env: Environment): ReturnType<typeof readSettings> {
  const EMULATOR_CANCEL_MS = env['EMULATOR_CANCEL_MS'] || CANCEL_MS;
  try {
    return readSettings({ ...env, EMULATOR_CANCEL_MS, EMULATOR_HOST: HOST });
  } catch (error) {
    throw error instanceof SettingsError ? wrongSetting(error.message) : error;
  }
}

async function startDemo(
  ports: typeof PORTS,
  emulatorOptions: ReturnType<typeof readSettings>,
): Promise<number> {
  const url = `http://${HOST}:${ports.PORT}`;
  const playgroundUrl = `http://${HOST}:${ports.PLAYGROUND_PORT}`;
  const emulator = await startEmulator({
    ...emulatorOptions,
    port: ports.EMULATOR_PORT,
    controlOrigin: playgroundUrl,
  });
  const callers = makeDemoCallers();
  const log = new GatewayLog(process.env['LOG_LEVEL']);
  const api = playgroundApi({ emulator, gateway: url, callers, log });
  const pages = { ...playgroundPages(), ...api.routes };
  const playground = await startPlayground(ports.PLAYGROUND_PORT, pages, url);
  try {
    emulator.addTasks(demoTasks());
    const settings = { ...cloudSettings(emulator), ...agentSettings(url), LOG_LEVEL: log.level };
    const demo = { settings, entries: callers.entries, origin: playground.url };
    const env = gatewayEnvironment(process.env, demo);
    const gateway = startGateway(env, ports.PORT, 'pipe');
    const shown = show(gateway, log);
    await untilHealthy(url, gateway, shown);
    const addresses = { gateway: url, emulator: emulator.url, playground: playground.url };
    process.stdout.write(await demoPage(addresses, callers, unusedSettings(process.env)));
    const exitCode = await untilEnded(gateway);
    await shown;
    return exitCode;
  } finally {
    api.stop();
    await playground.close();
    await emulator.close();
  }
}

/** Where the gateway finds the emulator, and how it signs for it. */
function cloudSettings({ url, secretId, secretKey }: Emulator): Record<string, string> {
  return {
    DLC_REGION: DEMO_REGION,
    DLC_REGIONS: `${DEMO_REGION},ap-singapore`,
    DLC_ENDPOINT: url,
    TENCENTCLOUD_SECRETID: secretId,
    TENCENTCLOUD_SECRETKEY: secretKey,
  };
}

/** Agents on this machine may call; with `MCP_CONFIRM=on` a person is asked. */
function agentSettings(url: string): Record<string, string> {
  return { MCP: 'on', PUBLIC_URL: url, MCP_STATE_SECRET: newTokenSecret() };
}

/** If nobody reads the terminal any more, the gateway's stdout is closed too, and the gateway ends. */
async function show(gateway: ChildProcess, log: GatewayLog): Promise<void> {
  if (!gateway.stdout) return;
  await pipeline(gateway.stdout, log, process.stdout, { end: false }).catch(() => {});
}
