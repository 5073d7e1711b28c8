import type { ChildProcess } from 'node:child_process';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';

import { startEmulator, type Emulator } from '../emulator/emulator.ts';
import { readSettings, SettingsError } from '../emulator/settings.ts';
import type { Environment } from '../src/lib/config/secret-reference.ts';
import { buildDist } from './build/build-dist.ts';
import { parsing, print, runAsScript, wrongSetting } from './cli/command-line.ts';
import { exitCodes } from './cli/exit-codes.ts';
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

const HELP = `Starts the gateway on this machine, with an emulator of DLC behind it.

  npm start
  npm start -- --no-emulator

Options
  --no-emulator       the real DLC, with the settings and credentials of the shell (DLC_*,
                      TENCENTCLOUD_*, API_KEYS, ...); makes no demo caller
  -h, --help          this text

Environment
  PORT                of the gateway                                        (default: 9000)
  EMULATOR_PORT       of the emulator                                       (default: 9001)
  PLAYGROUND_PORT     of the playground and the API reference               (default: 9002)
  EMULATOR_CANCEL_MS  from a cancellation's acceptance to its effect; so soon here that the gateway
                      finds a task cancelled when it looks for what became of a lost answer
                                                                            (default: ${CANCEL_MS})
  LOG_LEVEL and the other settings of the gateway (README, "Settings")
Everything listens on 127.0.0.1. Without --no-emulator, DLC_* and TENCENTCLOUD_* of the shell are ignored.

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
  const isAlone = values['no-emulator'] === true;
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

await runAsScript(import.meta.url, main);
