import { createHash } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';

import { makeKey } from '../../scripts/key.ts';
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
      scopes: new Set(['tasks:cancel', 'tasks:read']),
      narrowing: { engines: ['etl'], regions: ['ap-guangzhou'] },
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
    [['--id', 'a', '--json=yes'], '--json takes no value; see --help'],
    [['--id', 'a', '--scopes', 'tasks:read'], '--scopes is not an option; see --help'],
    [['--id', 'a', '--expires', '2020-01-01T00:00:00Z'], '--expires is in the past'],
    [['--id', 'a', '--rate', 'x'], '--rate must be like 10/s, 600/m or 1000/h'],
    [['reporting'], 'only options are taken, after "--" where npm run is used; see --help'],
  ])('answers %j with one sentence and 64', async (args, sentence) => {
    const ran = await runScript('key', args);
    expect(ran).toEqual({ exitCode: 64, stdout: '', stderr: `${sentence}\n` });
  });
});
