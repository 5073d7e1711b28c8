import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';

/** Below those that systems give to those who ask for any (Linux: from 32768): no connection takes one before its user. */
const FIRST = 20_000;
/** Each of jest's workers has ports of its own. */
const PER_WORKER = 500;
const first = FIRST + (Number(process.env['JEST_WORKER_ID'] ?? 0) % 24) * PER_WORKER;
let last = randomInt(PER_WORKER);

/** A port of 127.0.0.1 that nothing listens on, and that is given to nobody else for long. */
export async function freePort(): Promise<number> {
  for (;;) {
    last = (last + 1) % PER_WORKER;
    const port = first + last;
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = net.createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
