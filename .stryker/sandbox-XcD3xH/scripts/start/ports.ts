import { once } from 'node:events';
import net from 'node:net';

import type { Environment } from '../../src/lib/config/secret-reference.ts';
import { CommandError, wrongSetting } from '../cli/command-line.ts';
import { EXIT } from '../cli/exit-codes.ts';

/** The ports of `npm start`, all of them on this machine only. */
export const HOST = '127.0.0.1';

/**
 * The ports that the environment names, or else the ones given, once nothing is found to be wrong with
 * any of them.
 *
 * @param defaults by the names of the variables
 * @throws CommandError 78 for what is no port, or the same one twice; 69 where it cannot be listened on
 */
export async function freePorts<T extends Readonly<Record<string, number>>>(
  defaults: T,
  env: Environment,
): Promise<T> {
  const named = Object.entries(defaults).map(
    ([name, otherwise]) => [name, portFrom(env[name], name, otherwise)] as const,
  );
  for (const [i, [name, port]] of named.entries()) {
    const [same] = named.slice(0, i).find(([, other]) => other === port) ?? [];
    if (same !== undefined) throw wrongSetting(`${same} and ${name} must not be the same port.`);
  }
  for (const [name, port] of named) await refuseTakenPort(port, name);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it has the names of `defaults`
  return Object.fromEntries(named) as T;
}

function portFrom(value: string | undefined, name: string, otherwise: number): number {
  if (value === undefined || value === '') return otherwise;
  if (/^[1-9]\d{0,4}$/.test(value) && Number(value) < 65_536) return Number(value);
  throw wrongSetting(`${name} must be a port: a whole number from 1 to 65535.`);
}

/** @throws CommandError 69 where something listens there, or this user may not */
async function refuseTakenPort(port: number, name: string): Promise<void> {
  const probe = net.createServer();
  const refused = await new Promise<string | undefined>((resolve) => {
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'no reason'));
    probe.listen(port, HOST, () => resolve(undefined));
  });
  if (refused !== undefined) {
    const why = WHY[refused] ?? `cannot be listened on (${refused})`;
    throw new CommandError(EXIT.unavailable, `Port ${port} ${why}. ${name} names another.`);
  }
  probe.close();
  await once(probe, 'close');
}

const WHY: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is in use',
  EACCES: 'is not for everybody',
};
