import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { startEmulator, type Emulator } from '../emulator/emulator.ts';
import { bundle, DIST, root } from './support/bundle.ts';
import { CommandError, parsing, runAsScript } from './support/command-line.ts';
import { startPlayground } from './support/playground-server.ts';
import { referencePages } from './support/reference-pages.ts';
import { demoPage, demoTasks, makeDemoCallers } from './support/demo.ts';
import { makePackages } from './support/package.ts';

const HELP = `Starts the gateway on this machine, with an emulator of DLC behind it.

  npm start
  npm start -- --no-emulator

  --no-emulator   the real DLC, with the settings and credentials of the shell (DLC_*,
                  TENCENTCLOUD_*, API_KEYS, ...); makes no demo caller
  --help

PORT             of the gateway, 9000
EMULATOR_PORT    of the emulator, 9001
PLAYGROUND_PORT  of the API reference, 9002
Everything listens on 127.0.0.1. Without --no-emulator, DLC_* and TENCENTCLOUD_* of the shell are ignored.`;

/** sysexits(3). */
const EX_USAGE = 64;
const EX_UNAVAILABLE = 69;

const HOST = '127.0.0.1';
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
  const emulator = await startEmulator({ port: emulatorPort });
  const url = `http://${HOST}:${port}`;
  const playground = await startPlayground(playgroundPort, referencePages(url), [url]);
  try {
    emulator.addTasks(demoTasks());
    const callers = makeDemoCallers(process.env);
    const env = { ...demoEnvironment(emulator, playground.url), ...callers.env };
    const gateway = startGateway(env, port);
    await untilHealthy(url, gateway);
    const addresses = { gateway: url, emulator: emulator.url, playground: playground.url };
    process.stdout.write(await demoPage(addresses, callers));
    return await untilEnded(gateway);
  } finally {
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

function startGateway(env: NodeJS.ProcessEnv, port: number): ChildProcess {
  return spawn(process.execPath, [path.join(DIST, 'server.js')], {
    env: { ...env, HOST, PORT: String(port) },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}

/** Passes Ctrl-C and SIGTERM on, and gives the gateway's exit code once it has ended. */
async function untilEnded(gateway: ChildProcess): Promise<number> {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => gateway.kill('SIGTERM'));
  }
  if (gateway.exitCode === null && gateway.signalCode === null) await once(gateway, 'exit');
  return gateway.exitCode ?? 1;
}

async function untilHealthy(url: string, gateway: ChildProcess): Promise<void> {
  while (gateway.exitCode === null) {
    const answer = await fetch(`${url}/healthz`).catch(() => undefined);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new CommandError(EX_UNAVAILABLE, 'The gateway ended before it was up; its log is above.');
}

function portFrom(name: string, otherwise: number): number {
  const value = process.env[name] ?? '';
  if (value === '') return otherwise;
  if (/^[1-9]\d{0,4}$/.test(value) && Number(value) < 65_536) return Number(value);
  throw new CommandError(EX_USAGE, `${name} must be a port: a whole number from 1 to 65535.`);
}

async function refuseTakenPort(port: number, name: string): Promise<void> {
  const probe = net.createServer();
  const isFree = await new Promise<boolean>((resolve) => {
    probe.once('error', () => resolve(false));
    probe.listen(port, HOST, () => resolve(true));
  });
  if (!isFree) {
    throw new CommandError(EX_UNAVAILABLE, `Port ${port} is in use. ${name} names another.`);
  }
  probe.close();
  await once(probe, 'close');
}

await runAsScript(import.meta.url, main);
