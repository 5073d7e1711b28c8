import { createHash } from 'node:crypto';
import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { addEntry } from '../../scripts/callers/add-entry.ts';

import { makeKey } from '../../scripts/callers/make-key.ts';
import { authenticateApiKey, toApiKeys } from '../../src/lib/auth/api-key.ts';
import { apiKeyEntries } from '../../src/lib/auth/entries.ts';
import { runScript } from './run-script.ts';

describe('makeKey', () => {
  it('makes a key that the gateway takes', () => {
    const { key, entry } = makeKey({
      id: 'reporting',
      scopes: ['tasks:cancel', 'tasks:read', 'tasks:read'],
      engines: ['etl'],
      regions: ['ap-guangzhou'],
      expires: '2027-01-01T00:00:00Z',
      rate: '10/s',
    });
    const keys = toApiKeys(apiKeyEntries.parse([entry]));
    expect(authenticateApiKey(keys, key, Date.parse('2026-12-31T00:00:00Z'))).toEqual({
      id: 'key:reporting',
      scheme: 'api-key',
      grants: [
        { scopes: ['tasks:cancel', 'tasks:read'], engines: [['etl']], regions: ['ap-guangzhou'] },
      ],
      basis: 'scope',
      rate: { limit: 10, windowSeconds: 1 },
    });
  });

  it('takes its 32 bytes from the source of randomness, and lets the key cancel alone', () => {
    const { key, entry } = makeKey({ id: 'a' }, (size) => Buffer.alloc(size, 1));
    expect(key).toBe('dlcgw_AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE');
    const sha256 = createHash('sha256').update(key).digest('hex');
    expect(entry).toEqual({ id: 'a', sha256, scopes: ['tasks:cancel'] });
  });

  it.each([
    [{ id: 'a b' }, '--id must be'],
    [{ id: 'a', scopes: ['tasks:write'] }, '--scope must be'],
    [{ id: 'a', engines: [''] }, '--engine must be'],
    [{ id: 'a', regions: ['Guangzhou'] }, '--region must be'],
    [{ id: 'a', expires: '2027-02-30T00:00:00Z' }, '--expires must be'],
    [{ id: 'a', rate: '10' }, '--rate must be'],
  ])('says which option of %j is wrong', (options, sentence) => {
    expect(() => makeKey(options)).toThrow(sentence);
  });
});

const DIGEST =
  '--sha256 must be the 64 hex digits of a digest, in lower case, never the key itself';

describe('npm run key', () => {
  it('shows the key and the entry', async () => {
    const ran = await runScript('key', ['--id', 'reporting', '--scope', 'tasks:read']);
    expect(ran).toMatchObject({ exitCode: 0, stderr: '' });
    const [, key = ''] = /^ {2}(dlcgw_[A-Za-z0-9_-]{43})$/m.exec(ran.stdout) ?? [];
    const [, entry = ''] = /^ {2}(\{.*\})$/m.exec(ran.stdout) ?? [];
    const keys = toApiKeys(apiKeyEntries.parse([JSON.parse(entry)]));
    expect(authenticateApiKey(keys, key, 0).id).toBe('key:reporting');
    expect(entry).not.toContain(key);
  });

  it('speaks JSON to programs', async () => {
    const ran = await runScript('key', ['--id', 'reporting', '--json']);
    expect(JSON.parse(ran.stdout)).toEqual({
      key: expect.stringMatching(/^dlcgw_/),
      entry: expect.objectContaining({ id: 'reporting' }),
    });
  });

  it('explains itself', async () => {
    const ran = await runScript('key', ['--help']);
    expect(ran.exitCode).toBe(0);
    expect(ran.stdout).toContain('npm run key -- --id reporting');
  });

  it.each([
    [[], '--id is missing; see --help'],
    [['--id'], '--id needs a value; see --help'],
    [['--id', '--json'], '--id needs a value; see --help'],
    [['--id', 'a', '--json=yes'], '--json=… is not an option; see --help'],
    [
      ['--id', 'a', '--scopes', 'tasks:read'],
      '--scopes is not an option, but --scope is; see --help',
    ],
    [['--id', 'a', '--expires', '2020-01-01T00:00:00Z'], '--expires is in the past'],
    [['--id', 'a', '--rate', 'x'], '--rate must be like 10/s, 600/m or 1000/h'],
    [['reporting'], '--id is missing; see --help'],
    [['--id', 'a', 'PLANTED'], 'only options are taken, with npm run after "--"; see --help'],
    [['--id', 'a', "--it's=a'PLANTED"], '--it is not an option; see --help'],
    [['--id', 'a', '--sha256', 'dlcgw_PLANTED'], DIGEST],
  ])('answers %j with one sentence and 64', async (args, sentence) => {
    const ran = await runScript('key', args);
    expect(ran).toEqual({ exitCode: 64, stdout: '', stderr: `${sentence}\n` });
  });
});

describe('npm run key -- --add-to', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'key-'));
    file = path.join(folder, 'api-keys.json');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const digestOf = (n: number): string =>
    createHash('sha256').update(`a key of the test, ${n}`).digest('hex');
  const entryOf = (n: number) => ({ id: 'a', sha256: digestOf(n), scopes: ['tasks:cancel'] });

  it('makes the file, and adds to it, as a process of its own', async () => {
    const first = await runScript('key', ['--id', 'one', '--add-to', file]);
    expect(first).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('was added to') });
    const second = await runScript('key', ['--id', 'two', '--add-to', file, '--json']);
    const keys = toApiKeys(apiKeyEntries.parse(JSON.parse(readFileSync(file, 'utf8'))));
    const [, shown = ''] = /^ {2}(dlcgw_\S+)$/m.exec(first.stdout) ?? [];
    expect(authenticateApiKey(keys, shown, 0).id).toBe('key:one');
    expect(authenticateApiKey(keys, JSON.parse(second.stdout).key, 0).id).toBe('key:two');
    expect(readdirSync(folder)).toEqual(['api-keys.json']);
  });

  it('refuses a second entry of the same key, and leaves the file as it is', async () => {
    const args = ['--id', 'a', '--sha256', digestOf(1), '--add-to', file];
    expect(await runScript('key', args)).toMatchObject({ exitCode: 0 });
    const before = readFileSync(file);
    const again = await runScript('key', args);
    expect(again).toEqual({
      exitCode: 65,
      stdout: '',
      stderr: `${file} stays as it is: with the new entry, "a" has a sha256 that an earlier entry has\n`,
    });
    expect(readFileSync(file)).toEqual(before);
    expect(readdirSync(folder)).toEqual(['api-keys.json']);
  });

  it.each([
    ['one line for each entry', `[\n  ${JSON.stringify(entryOf(1))}\n]\n`],
    ['one line', JSON.stringify([entryOf(1)])],
    ['four spaces', `${JSON.stringify([entryOf(1), entryOf(2)], undefined, 4)}\n`],
    ['tabs', JSON.stringify([entryOf(1)], undefined, '\t')],
    ['CRLF', `${JSON.stringify([entryOf(1)], undefined, 2)}\n`.replaceAll('\n', '\r\n')],
    ['a byte order mark', `\uFEFF[${JSON.stringify(entryOf(1))}]\n\n`],
  ])('keeps what is there, with %s', async (_, text) => {
    writeFileSync(file, text, { mode: 0o640 });
    chmodSync(file, 0o640);
    await addEntry(file, entryOf(9));
    const after = readFileSync(file, 'utf8');
    const list: unknown[] = JSON.parse(after.replace('\uFEFF', ''));
    expect(list.at(-1)).toEqual(entryOf(9));
    // What was there before the closing bracket, and what comes after it, is there to the byte.
    const end = text.lastIndexOf(']');
    expect(after.startsWith(text.slice(0, end).trimEnd())).toBe(true);
    expect(after.endsWith(text.slice(end))).toBe(true);
    expect(statSync(file).mode & 0o777).toBe(0o640);
    if (text.startsWith('\uFEFF') || !text.includes('\n')) return;
    const step = /^[ \t]+/m.exec(text)?.[0] ?? '';
    if (!text.includes(`[\n  {"`)) {
      const own = JSON.stringify(list, undefined, step);
      expect(after.trimEnd()).toBe(text.includes('\r') ? own.replaceAll('\n', '\r\n') : own);
    }
  });

  it.each([
    ['[]', `[\n  ${JSON.stringify(entryOf(9))}\n]\n`],
    ['', `[\n  ${JSON.stringify(entryOf(9))}\n]\n`],
  ])('starts a list in the file %j', async (text, expected) => {
    writeFileSync(file, text);
    await addEntry(file, entryOf(9));
    expect(readFileSync(file, 'utf8')).toBe(expected);
  });

  it('writes by way of a link, and leaves the link', async () => {
    const link = path.join(folder, 'link.json');
    writeFileSync(file, '[]');
    symlinkSync(file, link);
    await addEntry(link, entryOf(1));
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual([entryOf(1)]);
  });

  it.each([
    ['{"secret": "PLANTED"', 'is not JSON'],
    ['{"secret": "PLANTED"}', 'holds no array'],
    ['[{"id": "a", "sha256": "PLANTED", "scopes": ["tasks:cancel"]}]', '[0].sha256 must match'],
  ])('leaves %j as it is, without a word of it', async (text, sentence) => {
    writeFileSync(file, text);
    const adding = addEntry(file, entryOf(1));
    await expect(adding).rejects.toMatchObject({
      exitCode: 65,
      message: expect.stringContaining(sentence),
    });
    await expect(adding).rejects.toThrow(/^(?!.*PLANTED)/);
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  it('refuses a run beside another one, and loses no entry', async () => {
    writeFileSync(`${file}.new`, '');
    await expect(addEntry(file, entryOf(1))).rejects.toMatchObject({
      exitCode: 73,
      message: expect.stringContaining(`another run is writing it; if none is, delete ${file}.new`),
    });
    rmSync(`${file}.new`);
    const all = Array.from({ length: 8 }, (__, n) => addEntry(file, entryOf(n)));
    const done = (await Promise.allSettled(all)).filter(({ status }) => status === 'fulfilled');
    expect(done.length).toBeGreaterThan(0);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toHaveLength(done.length);
  });

  it('makes the folder of the file, or says that it cannot', async () => {
    const inside = path.join(folder, 'none', 'keys.json');
    await addEntry(inside, entryOf(1));
    expect(JSON.parse(readFileSync(inside, 'utf8'))).toEqual([entryOf(1)]);
    // Node's `mkdir` with `recursive` never returns for a path below /proc.
    const wrong = [path.join(inside, 'keys.json'), '/proc/none/keys/api-keys.json'];
    for (const name of wrong) {
      await expect(addEntry(name, entryOf(1))).rejects.toMatchObject({
        exitCode: 73,
        message: expect.stringMatching(/(ENOTDIR|ENOENT); check the folder/),
      });
    }
  });
});
