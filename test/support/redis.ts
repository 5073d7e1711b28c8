import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { Redis } from 'ioredis';

import { freePort } from './free-port.ts';
import { describeWith } from './needs.ts';

/** A Redis of the test's own, on a free loopback port, that keeps nothing on disk. */
export interface RedisServer {
  readonly port: number;
  readonly url: string;
  /** A client beside the gateway's, for looking and for setting up. */
  readonly client: Redis;
  readonly child: ChildProcess;
  /** Ends it as a crash does, and leaves the port to `restart`. */
  kill(): Promise<void>;
  /** Starts it again, empty, on the same port; `args` are added. */
  restart(args?: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}

export { freePort } from './free-port.ts';

const BINARY = 'redis-server';

/** `describe`, which is skipped if `redis-server` is not installed. */
export const describeWithRedis = (name: string, tests: () => void): void =>
  describeWith([BINARY], name, tests);

/** @param args in redis-server's own form: `['--requirepass', '…']` */
export async function startRedis(args: readonly string[] = []): Promise<RedisServer> {
  const directory = await mkdtemp(path.join(tmpdir(), 'gateway-redis-'));
  const port = await freePort();
  let child = await run(port, directory, args);
  const client = new Redis({
    host: '127.0.0.1',
    port,
    protocol: 2,
    enableReadyCheck: false,
    retryStrategy: () => 20,
    // Else a timer of 2 s stays behind where its last connection was closed already.
    disconnectTimeout: 0,
    password: passwordIn(args),
  });
  client.on('error', () => undefined);
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  };
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    client,
    get child() {
      return child;
    },
    kill,
    async restart(more = []) {
      await kill();
      child = await run(port, directory, [...args, ...more]);
    },
    async stop() {
      client.disconnect();
      await kill();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function run(port: number, dir: string, args: readonly string[]): Promise<ChildProcess> {
  const own = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const child = spawn(BINARY, [...own, '--dir', dir, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.resume();
  while (!/Ready to accept connections/.test(output)) {
    if (child.exitCode !== null) throw new Error(`${BINARY} ended: ${output}`);
    await sleep(5);
  }
  return child;
}

function passwordIn(args: readonly string[]): string | undefined {
  const at = args.indexOf('--requirepass');
  return at < 0 ? undefined : args[at + 1];
}
