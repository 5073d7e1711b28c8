import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';

import { startEmulator, type Emulator } from '../emulator/emulator.ts';
import { bundle, DIST, root } from './support/bundle.ts';
import { CommandError, parsing, runAsScript } from './support/command-line.ts';
import { GatewayLog } from './support/gateway-log.ts';
import { playgroundApi } from './support/playground-api.ts';
import { playgroundPages } from './support/playground-pages.ts';
import { startPlayground } from './support/playground-server.ts';
import { referencePages } from './support/reference-pages.ts';
import { demoPage, demoTasks, makeDemoCallers } from './support/demo.ts';
import { makePackages } from './support/package.ts';
import { EX_UNAVAILABLE, HOST, portFrom, refuseTakenPort } from './support/ports.ts';

const HELP = `Starts the gateway on this machine, with an emulator of DLC behind it.

  npm start
  npm start -- --no-emulator

  --no-emulator   the real DLC, with the settings and credentials of the shell (DLC_*,
                  TENCENTCLOUD_*, API_KEYS, ...); makes no demo caller
  --help

PORT             of the gateway, 9000
EMULATOR_PORT    of the emulator, 9001
PLAYGROUND_PORT  of the playground and the API reference, 9002
Everything listens on 127.0.0.1. Without --no-emulator, DLC_* and TENCENTCLOUD_* of the shell are ignored.`;

/** So soon that the gateway finds a task cancelled when it looks for what became of a lost answer. */
const CANCEL_MS = 250;

const DEMO_REGION = 'ap-guangzhou';

async function main(args: string[]): Promise<number> {
  const options = { 'no-emulator': { type: 'boolean' }, help: { type: 'boolean' } } as const;
  const { values } = parsing(() => parseArgs({ args, options }));
  if (values.help) {
    process.stdout.write(`${HELP}\n`);
    return 0;
  }
  const port = portFrom('PORT', 9000);
  await refuseTakenPort(port, 'PORT');
  process.stdout.write('Building dist/ …\n');
  await makePackages(root, DIST, await bundle(DIST));
  return values['no-emulator'] ? startAlone(port) : startDemo(port);
}

async function startAlone(port: number): Promise<number> {
  const gateway = startGateway(process.env, port);
  return untilEnded(gateway);
}

async function startDemo(port: number): Promise<number> {
  const emulatorPort = portFrom('EMULATOR_PORT', 9001);
  await refuseTakenPort(emulatorPort, 'EMULATOR_PORT');
  const playgroundPort = portFrom('PLAYGROUND_PORT', 9002);
  await refuseTakenPort(playgroundPort, 'PLAYGROUND_PORT');
  const emulator = await startEmulator({ port: emulatorPort, cancelMs: CANCEL_MS });
  const url = `http://${HOST}:${port}`;
  const callers = makeDemoCallers(process.env);
  const log = new GatewayLog(process.env['LOG_LEVEL']);
  const api = playgroundApi({ emulator, gateway: url, callers, log });
  const pages = { ...playgroundPages(), ...referencePages(url), ...api.routes };
  const playground = await startPlayground(playgroundPort, pages, [url]);
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

function startGateway(
  env: NodeJS.ProcessEnv,
  port: number,
  stdout: 'inherit' | 'pipe' = 'inherit',
): ChildProcess {
  return spawn(process.execPath, [path.join(DIST, 'server.js')], {
    env: { ...env, HOST, PORT: String(port) },
    stdio: ['ignore', stdout, 'inherit'],
  });
}

/** Where nobody reads the terminal any more, the gateway's stdout is closed too: it sees to that itself. */
async function show(gateway: ChildProcess, log: GatewayLog): Promise<void> {
  if (!gateway.stdout) return;
  await pipeline(gateway.stdout, log, process.stdout, { end: false }).catch(() => {});
}

/** Passes Ctrl-C and SIGTERM on, and gives the gateway's exit code once it has ended. */
async function untilEnded(gateway: ChildProcess): Promise<number> {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => gateway.kill('SIGTERM'));
  }
  if (gateway.exitCode === null && gateway.signalCode === null) await once(gateway, 'exit');
  return gateway.exitCode ?? 1;
}

async function untilHealthy(
  url: string,
  gateway: ChildProcess,
  shown: Promise<void>,
): Promise<void> {
  while (gateway.exitCode === null) {
    const answer = await fetch(`${url}/healthz`).catch(() => undefined);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await shown;
  throw new CommandError(EX_UNAVAILABLE, 'The gateway ended before it was up; its log is above.');
}

await runAsScript(import.meta.url, main);
