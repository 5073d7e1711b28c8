import type { ChildProcess } from 'node:child_process';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';

import { startEmulator, type Emulator } from '../emulator/emulator.ts';
import { readSettings, SettingsError } from '../emulator/main.ts';
import type { Environment } from '../src/lib/config/secret-reference.ts';
import { buildDist } from './build/build-dist.ts';
import { parsing, print, runAsScript, wrongSetting } from './cli/command-line.ts';
import { exitCodes } from './cli/exit-codes.ts';
import { playgroundApi } from './playground/api.ts';
import { playgroundPages } from './playground/pages.ts';
import { startPlayground } from './playground/server.ts';
import { demoPage, demoTasks, makeDemoCallers } from './start/demo.ts';
import { GatewayLog, startGateway, untilEnded, untilHealthy } from './start/gateway.ts';
import { freePorts, gatewayEnvironment, HOST, unusedSettings } from './start/settings.ts';

/** Short enough that the gateway's lookup after a lost response finds the task cancelled. */
const CANCEL_MS = '250';

const PORTS = { PORT: 9000, EMULATOR_PORT: 9001, PLAYGROUND_PORT: 9002 };

const HELP = `Starts the gateway on this machine, with an emulator of DLC behind it.

  npm start
  npm start -- --no-emulator

Options
  --no-emulator       use the real DLC, with the settings and credentials of the shell (DLC_*,
                      TENCENTCLOUD_*, API_KEYS, ...); makes no demo caller
  -h, --help          this text

Environment
  PORT                of the gateway                                        (default: 9000)
  EMULATOR_PORT       of the emulator                                       (default: 9001)
  PLAYGROUND_PORT     of the playground and the API reference               (default: 9002)
  EMULATOR_CANCEL_MS  from a cancellation's acceptance to its effect; short enough here that the
                      gateway's lookup after a lost response finds the task cancelled
                                                                            (default: ${CANCEL_MS})
  LOG_LEVEL and the other settings of the gateway (README, "Settings")
Everything listens on 127.0.0.1. API_KEYS, JWT_ISSUERS, WEBHOOK_SENDERS and CORS_ORIGINS of the shell are
used beside the demo's own. Without --no-emulator, DLC_*, TENCENTCLOUD_* and HOST are not used, and named.

${exitCodes(
  {
    data: 'a source or a file of config/ is wrong',
    unavailable: 'a port is taken, or the gateway did not come up',
    io: 'nobody reads the log any more, or a file of this machine cannot be used',
    config: 'a variable is wrong; the log names it',
    interrupted: 'interrupted with Ctrl-C before it was up',
  },
  'ended with Ctrl-C or SIGTERM, all requests answered',
)}`;

const DEMO_REGION = 'ap-guangzhou';

async function main(args: string[]): Promise<number> {
  const options = { 'no-emulator': { type: 'boolean' }, help: { type: 'boolean' } } as const;
  const { values } = parsing(() => parseArgs({ args, options }));
  if (values.help) return (print(false, undefined, HELP), 0);
  if (values['no-emulator']) {
    const { PORT } = await freePorts({ PORT: PORTS.PORT }, process.env);
    await buildDist();
    return untilEnded(startGateway(process.env, PORT));
  }
  const ports = await freePorts(PORTS, process.env);
  const emulator = emulatorSettings(process.env);
  await buildDist();
  return startDemo(ports, emulator);
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
    const settings = { ...cloudSettings(emulator), LOG_LEVEL: log.level };
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

/** If nobody reads the terminal any more, the gateway's stdout is closed too, and the gateway ends. */
async function show(gateway: ChildProcess, log: GatewayLog): Promise<void> {
  if (!gateway.stdout) return;
  await pipeline(gateway.stdout, log, process.stdout, { end: false }).catch(() => {});
}

await runAsScript(import.meta.url, main);
