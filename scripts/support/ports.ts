import { once } from 'node:events';
import net from 'node:net';

import { CommandError, wrongUsage } from './command-line.ts';

/** The ports of `npm start`, all of them on this machine only. */
export const HOST = '127.0.0.1';

/** sysexits(3). */
export const EX_UNAVAILABLE = 69;

/** @throws CommandError 64 for what is no port */
export function portFrom(name: string, otherwise: number): number {
  const value = process.env[name] ?? '';
  if (value === '') return otherwise;
  if (/^[1-9]\d{0,4}$/.test(value) && Number(value) < 65_536) return Number(value);
  throw wrongUsage(`${name} must be a port: a whole number from 1 to 65535.`);
}

/** @throws CommandError 69 where something listens there */
export async function refuseTakenPort(port: number, name: string): Promise<void> {
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
