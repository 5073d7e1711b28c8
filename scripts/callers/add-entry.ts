import { mkdir, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';

import { toApiKeys } from '../../src/lib/auth/api-key.ts';
import { apiKeyEntries } from '../../src/lib/auth/entries.ts';
import { SettingError } from '../../src/lib/config/setting-error.ts';
import { fitting } from '../../src/lib/config/setting-values.ts';
import { badData, CommandError } from '../cli/command-line.ts';
import { EXIT } from '../cli/exit-codes.ts';

type Entry = Readonly<Record<string, unknown>>;

/**
 * Adds an entry to a JSON file that `API_KEYS` may name. Everything else in the file stays as it is, to
 * the byte; so do its mode and, if it is a symbolic link, the link. The file changes in one step, and two
 * runs at the same time never lose an entry: the second one is refused.
 *
 * @throws CommandError 65 if the file is no such list, or has the same key already; 73 if it cannot be written
 */
export async function addEntry(name: string, entry: Entry): Promise<void> {
  const file = await realpath(name).catch(() => name);
  const next = `${file}.new`;
  try {
    await makeFolder(path.dirname(file));
    // "wx": only one run makes it, and it is the lock until it becomes the file.
    const handle = await open(next, 'wx', 0o644);
    try {
      const old = await readIfThere(file);
      const text = withEntry(old?.text ?? '', entry, name);
      if (old) await handle.chmod(old.mode);
      await handle.writeFile(text);
      await handle.sync();
      await rename(next, file);
    } catch (error) {
      await rm(next, { force: true });
      throw error;
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw error instanceof CommandError ? error : cannotWrite(name, file, error);
  }
}

/** One folder, not its parents: Node's own recursion never ends where the system lets nobody make any, as in `/proc`. */
async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder).catch((error: unknown) => {
    if (Object(error).code !== 'EEXIST') throw error;
  });
}

async function readIfThere(file: string): Promise<{ text: string; mode: number } | undefined> {
  try {
    const { mode } = await stat(file);
    return { text: await readFile(file, 'utf8'), mode: mode & 0o7777 };
  } catch (error) {
    if (Object(error).code === 'ENOENT') return undefined;
    throw error;
  }
}

function cannotWrite(name: string, file: string, error: unknown): CommandError {
  const { code, syscall } = Object(error);
  const why =
    code === 'EEXIST' && syscall === 'open'
      ? `another run is writing it; if none is, delete ${file}.new`
      : `${String(code)}; check the folder and its rights`;
  return new CommandError(EXIT.cannotCreate, `${name} cannot be written: ${why}`);
}

/** The text of the file with one more entry. @throws CommandError 65, which quotes nothing of the file */
function withEntry(text: string, entry: Entry, name: string): string {
  const bare = text.replace(/^\uFEFF/, '');
  const entries = bare.trim() === '' ? [] : parse(bare, name);
  check([...entries, entry], name);
  if (entries.length === 0) return `[\n  ${JSON.stringify(entry)}\n]\n`;
  const end = text.lastIndexOf(']');
  const body = text.slice(0, end).trimEnd();
  const [, space = ''] = /^\uFEFF?\s*\[(\s*)/.exec(text) ?? [];
  return `${body},${space || ' '}${laidOut(entry, text, space)}${text.slice(body.length)}`;
}

/** The entry as the entries of the file are laid out: on one line, or with a line for each member. */
function laidOut(entry: Entry, text: string, space: string): string {
  const [, lineBreak, member = ''] = /\{(\r?\n)([ \t]+)"/.exec(text) ?? [];
  if (lineBreak === undefined) return JSON.stringify(entry);
  const indent = space.replaceAll(/[\r\n]/g, '');
  const step = member.startsWith(indent) ? member.slice(indent.length) : member;
  return JSON.stringify(entry, undefined, step || '  ').replaceAll('\n', `${lineBreak}${indent}`);
}

function parse(text: string, name: string): unknown[] {
  try {
    const value: unknown = JSON.parse(text);
    if (Array.isArray(value)) return value;
  } catch {
    throw badData(`${name} is not JSON; it stays as it is`);
  }
  throw badData(`${name} holds no array of entries; it stays as it is`);
}

/** Whether the gateway would accept the list. @throws CommandError 65 with its reasons */
function check(entries: unknown[], name: string): void {
  try {
    toApiKeys(fitting(apiKeyEntries, entries));
  } catch (error) {
    if (!(error instanceof SettingError)) throw error;
    throw badData(`${name} stays as it is: with the new entry, ${error.message}`);
  }
}
