import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

import { builtCommands } from '../support/built.ts';

export interface Ran {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Around {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** Nobody reads stdout, as after `| head -1`. */
  readonly isUnread?: boolean;
}

/** Runs one of the commands as a process of its own, with no more environment than is given. */
export async function runScript(
  name: string,
  args: readonly string[],
  around: Around = {},
): Promise<Ran> {
  return runNode([await builtCommands(), name, ...args], around);
}

/** The same for whatever Node can run. */
export async function runNode(
  args: readonly string[],
  { env = {}, stdin = '', isUnread = false }: Around = {},
): Promise<Ran> {
  const child = spawn(process.execPath, args, { env: { PATH: process.env['PATH'], ...env } });
  // A script that reads no stdin may be gone before it is written.
  child.stdin.on('error', () => {}).end(stdin);
  const exited = new Promise<number | null>((resolve) => {
    child.once('close', resolve);
  });
  if (isUnread) child.stdout.destroy();
  const [stdout, stderr, exitCode] = await Promise.all([
    isUnread ? '' : text(child.stdout),
    text(child.stderr),
    exited,
  ]);
  return { exitCode, stdout, stderr };
}
