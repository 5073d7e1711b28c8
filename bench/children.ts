import { fork, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import path from 'node:path';

import { root } from '../scripts/places.ts';

/** The processes of a run. All of them end with it, however it ends. */

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export type Environment = Readonly<Record<string, string>>;

const fileOf = (name: string): string => path.join(root, 'bench/children', `${name}.cjs`);

function kept<T extends ChildProcess>(child: T): T {
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

/** Runs a child to its end. @returns its last line on stdout, after the log's of what it loaded @throws Error with what it wrote on stderr, where it failed */
export async function output(
  [name, ...args]: readonly [string, ...string[]],
  { env, flags = [], input = '' }: { env: Environment; flags?: readonly string[]; input?: string },
): Promise<string> {
  const child = kept(
    spawn(process.execPath, [...flags, fileOf(name), ...args], { env, stdio: 'pipe' }),
  );
  child.stdin.end(input);
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ]);
  if (code !== 0) throw new Error(`bench/children/${name}.cjs ended with ${String(code)}: ${err}`);
  return out.trimEnd().split('\n').at(-1) ?? '';
}

/** How long a child takes from its start to its end, in ms. */
export function lifetime(
  [name, ...args]: readonly [string, ...string[]],
  env: Environment,
): number {
  const begun = process.hrtime.bigint();
  const { status, stderr } = spawnSync(process.execPath, [fileOf(name), ...args], { env });
  const ms = Number(process.hrtime.bigint() - begun) / 1e6;
  if (status !== 0)
    throw new Error(`bench/children/${name}.cjs ended with ${status}: ${String(stderr)}`);
  return ms;
}

export interface Dlc {
  readonly url: string;
  /** Runs a child until its first request has come, and to its end. @returns ms from its start to that */
  firstArrival(args: readonly [string, ...string[]], env: Environment): Promise<number>;
  stop(): void;
}

/** Starts a stand-in for DLC that answers at once, or after so many ms (children/dlc.cjs). */
export async function startDlc(delayMs = 0): Promise<Dlc> {
  const child = kept(fork(fileOf('dlc'), [String(delayMs)]));
  const [{ port }] = await once(child, 'message');
  return {
    url: `http://127.0.0.1:${Number(port)}`,
    async firstArrival(args, env) {
      child.send(true);
      const arrived = once(child, 'message');
      const begun = process.hrtime.bigint();
      await Promise.all([output(args, { env }), arrived]);
      child.send(false);
      const [{ arrivedNs }] = await arrived;
      // Both clocks are the machine's one monotonic clock.
      return Number(BigInt(arrivedNs) - begun) / 1e6;
    },
    stop: () => child.disconnect(),
  };
}

export interface Server {
  readonly port: number;
  stop(): Promise<void>;
}

/** Starts a server of the build, or the emulator, which says where it listens. */
export function startListening(args: readonly string[], env: Environment): Promise<Server> {
  return startSaying(process.execPath, args, env, /"port":(\d+)|http:\/\/127\.0\.0\.1:(\d+)/);
}

/** Starts a Redis that keeps nothing. @returns nothing where none is installed */
export async function startRedis(): Promise<Server | undefined> {
  if (spawnSync('redis-server', ['--version']).status !== 0) return undefined;
  const port = await freePort();
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  return startSaying('redis-server', args, {}, /Ready to accept/, port);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address ? address.port : 0;
}

async function startSaying(
  command: string,
  args: readonly string[],
  env: Environment,
  ready: RegExp,
  known?: number,
): Promise<Server> {
  const child = kept(
    spawn(command, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] }),
  );
  const port = await new Promise<number>((resolve, reject) => {
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      said = (said + part).slice(-10_000);
      const [found, one, other] = ready.exec(said) ?? [];
      if (found !== undefined) resolve(known ?? Number(one ?? other));
    });
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`${command} ${args.join(' ')} ended: ${said}`)));
  });
  return {
    port,
    async stop() {
      const ended = once(child, 'exit');
      child.kill();
      await ended;
    },
  };
}
