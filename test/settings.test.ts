import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, describe, expect, it } from '@jest/globals';

import { SettingsError, loadSettings } from '../src/settings.ts';
import { settingRows } from '../src/settings-table.ts';
import { MEANINGS } from '../scripts/pages/settings-words.ts';
import { keyEntry } from './support/three-callers.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'config-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** `npm start` prints it. */
const DEMO_KEY = 'dlcgw_dGhpcyBrZXkgb3BlbnMgYSBkZW1vIG9ubHkuLi4uLi4';

const GOOD = { DLC_REGION: 'ap-guangzhou', API_KEYS: JSON.stringify([keyEntry('k')]) };
const load = (changes: Record<string, string | undefined> = {}) =>
  loadSettings({ ...GOOD, ...changes }, folder);

type Changes = Record<string, string | undefined>;

function outcome(changes: Changes): { reasons: readonly string[]; warnings: readonly string[] } {
  try {
    return { reasons: [], warnings: load(changes).warnings };
  } catch (error) {
    if (error instanceof SettingsError) return error;
    throw error;
  }
}
const reasons = (changes: Changes): readonly string[] => outcome(changes).reasons;

describe('settings', () => {
  it('have words each, and stand once in the table', () => {
    const names = settingRows().map(({ name }) => name);
    expect(names.toSorted()).toEqual(Object.keys(MEANINGS).toSorted());
  });

  it('have these defaults', () => {
    expect(load()).toMatchObject({
      defaultRegion: 'ap-guangzhou',
      allowedRegions: new Set(['ap-guangzhou']),
      endpoint: { name: 'dlc.tencentcloudapi.com', protocol: 'https:' },
      upstreamRate: 20,
      callerRate: { limit: 10, windowSeconds: 1 },
      expectedInstances: 1,
      maxWaitMs: 3000,
      requestTimeoutMs: 10_000,
      attemptTimeoutMs: 3000,
      maxAttempts: 4,
      maxPreferWaitMs: 3000,
      taskStateLookup: true,
      basePath: '',
      problemPrefix: '',
      logLevel: 'info',
      host: '0.0.0.0',
      port: 9000,
      metricsHost: '127.0.0.1',
      metricsPort: undefined,
      metricsEmf: false,
      warnings: [],
    });
  });

  it('that are empty count as not set', () => {
    expect(load({ PORT: '', DLC_REGIONS: '', LOG_LEVEL: '' })).toMatchObject({ port: 9000 });
  });

  it('take the region of the platform where there is none of their own', () => {
    const config = load({ DLC_REGION: undefined, TENCENTCLOUD_REGION: 'ap-beijing' });
    expect(config.defaultRegion).toBe('ap-beijing');
  });

  it('have the base path stand before the type of a problem, and a base URL in its place', () => {
    expect(load({ BASE_PATH: '/gw/v1' }).problemPrefix).toBe('/gw/v1');
    const withBoth = load({ BASE_PATH: '/gw', PROBLEM_BASE_URL: 'https://docs.example.org/x/' });
    expect(withBoth.problemPrefix).toBe('https://docs.example.org/x');
  });

  it.each([
    ['DLC_REGION', 'guangzhou'],
    ['DLC_REGIONS', 'ap-guangzhou,nowhere'],
    ['DLC_ENDPOINT', 'http://dlc.tencentcloudapi.com'],
    ['DLC_ENDPOINT', 'https://cvm.tencentcloudapi.com'],
    ['DLC_ENDPOINT', 'https://dlc.tencentcloudapi.com/path'],
    ['DLC_ENDPOINT', 'dlc'],
    ['API_KEYS', '{'],
    ['API_KEYS', '{}'],
    ['API_KEYS', '[{"id":"x"}]'],
    ['API_KEYS', '@nowhere.json'],
    ['API_KEYS', JSON.stringify([keyEntry('k', { regoins: ['ap-guangzhou'] })])],
    ['API_KEYS', JSON.stringify([keyEntry('k', { scopes: [] })])],
    ['API_KEYS', JSON.stringify([keyEntry('k', { engines: [] })])],
    ['API_KEYS', JSON.stringify([keyEntry('k', { rate: '0/s' })])],
    ['API_KEYS', JSON.stringify([keyEntry('k', { rate: '10/d' })])],
    ['API_KEYS', JSON.stringify([keyEntry('k', { expires: '2027-01-01' })])],
    ['API_KEYS', JSON.stringify([keyEntry('k', { id: 'a b' })])],
    ['API_KEYS', JSON.stringify([keyEntry('k'), keyEntry('k', { id: 'other' })])],
    ['API_KEYS', JSON.stringify([keyEntry('k', { rate: '1/s' }), keyEntry('l')])],
    ['JWT_ISSUERS', '[{}]'],
    ['WEBHOOK_SENDERS', '[{"id":"x","secrets":["env:NOT_SET"]}]'],
    ['WEBHOOK_SENDERS', '[{"id":"x","secrets":["env:toString"]}]'],
    ['BLOCKED_PRINCIPALS', 'nonsense'],
    ['BLOCKED_PRINCIPALS', 'Key:k'],
    ['BLOCKED_PRINCIPALS', 'key:k;hook:s'],
    ['BLOCKED_PRINCIPALS', '"key:k"'],
    ['BLOCKED_PRINCIPALS', '["key:k", "key:"]'],
    ['BLOCKED_PRINCIPALS', '[1]'],
    ['CORS_ORIGINS', '*'],
    ['CORS_ORIGINS', 'null'],
    ['CORS_ORIGINS', 'https://app.example.org/'],
    ['UPSTREAM_RATE', '0'],
    ['UPSTREAM_RATE', '20/s'],
    ['CALLER_RATE', '10'],
    ['CALLER_RATE', '0/s'],
    ['CALLER_RATE', '1000000/s'],
    ['CALLER_RATE', '10/d'],
    ['EXPECTED_INSTANCES', '0'],
    ['REDIS_URL', 'localhost:6379'],
    ['REDIS_URL', 'http://localhost'],
    ['REDIS_URL', 'redis:'],
    ['REDIS_URL', 'redis://host:70000'],
    ['REDIS_URL', 'redis://host/one'],
    ['REDIS_URL', 'redis://host/0?tls=true'],
    ['REDIS_URL', 'redis://user@host'],
    ['REDIS_URL', 'redis://:%zz@host'],
    ['MAX_WAIT_MS', '-1'],
    ['REQUEST_TIMEOUT_MS', '10s'],
    ['REQUEST_TIMEOUT_MS', '1'],
    ['MAX_ATTEMPTS', '0'],
    ['TASK_STATE_LOOKUP', 'yes'],
    ['BASE_PATH', 'gw'],
    ['BASE_PATH', '/gw/'],
    ['PROBLEM_BASE_URL', 'docs.example.org'],
    ['PROBLEM_BASE_URL', 'https://docs.example.org/?x'],
    ['LOG_LEVEL', 'verbose'],
    ['HOST', 'a b'],
    ['PORT', '70000'],
    ['HOST', 'null'],
    ['METRICS_HOST', 'a b'],
    ['METRICS_PORT', 'undefined'],
    ['DLC_REGIONS', 'null'],
    ['CORS_ORIGINS', '${env:CORS_ORIGINS}'],
  ])('name %s where it is %s', (name, value) => {
    const said = reasons({ [name]: value });
    expect(said.length).toBeGreaterThan(0);
    for (const reason of said) expect(reason.startsWith(`${name}: `)).toBe(true);
  });

  it('have a REDIS_URL that is taken apart, and never quoted', () => {
    const target = (value: string) => load({ REDIS_URL: value }).redis;
    expect(target('redis://h')).toEqual({ host: 'h', port: 6379, tls: false, database: 0 });
    expect(target('rediss://u%40x:p%2Fq@[::1]:7000/3')).toEqual({
      host: '::1',
      port: 7000,
      tls: true,
      username: 'u@x',
      password: 'p/q',
      database: 3,
    });
    for (const value of [
      'redis://:planted@h/x',
      'redes://:planted@h',
      'redis://:planted@h:x',
      'redis://:planted@h:0',
    ]) {
      expect(reasons({ REDIS_URL: value }).join()).toMatch(/^REDIS_URL: (?!.*planted)/);
    }
  });

  it('name one wrong region once, and take no other in its place', () => {
    expect(reasons({ DLC_REGION: 'guangzhou', TENCENTCLOUD_REGION: 'ap-beijing' })).toHaveLength(1);
    expect(reasons({ DLC_REGION: '' })).toEqual([
      expect.stringContaining('DLC_REGION: must be set'),
    ]);
  });

  it('name all that is wrong at once', () => {
    const said = reasons({ PORT: 'x', LOG_LEVEL: 'x', DLC_REGION: 'x', API_KEYS: '[]' }).join('\n');
    for (const name of ['PORT', 'LOG_LEVEL', 'DLC_REGION', 'API_KEYS'])
      expect(said).toContain(name);
  });

  it('must let somebody call', () => {
    for (const API_KEYS of [undefined, '', '[]']) {
      expect(reasons({ API_KEYS }).join()).toContain('nobody can call');
    }
    writeFileSync(path.join(folder, 'empty.json'), '[]');
    expect(reasons({ API_KEYS: '@empty.json' }).join()).toContain('nobody can call');
    expect(reasons({ API_KEYS: '[{' }).join()).not.toContain('nobody can call');
  });

  it('must allow the lookup where an entry has engines', () => {
    const API_KEYS = JSON.stringify([keyEntry('k', { engines: ['etl'] })]);
    expect(reasons({ API_KEYS, TASK_STATE_LOOKUP: 'off' })).toEqual([
      expect.stringMatching(/^TASK_STATE_LOOKUP: /),
    ]);
  });
});

describe('a list in a file', () => {
  it('is relative to the bundle, or absolute', () => {
    writeFileSync(path.join(folder, 'keys.json'), GOOD.API_KEYS);
    expect(load({ API_KEYS: '@keys.json' }).apiKeys.size).toBe(1);
    expect(load({ API_KEYS: `@${folder}/keys.json` }).apiKeys.size).toBe(1);
  });

  const write = (name: string, text: string | Buffer): string => {
    writeFileSync(path.join(folder, name), text);
    return `@${name}`;
  };

  it('may begin with a byte order mark, as may a variable', () => {
    const API_KEYS = `\ufeff${GOOD.API_KEYS}`;
    expect(load({ API_KEYS }).apiKeys.size).toBe(1);
    expect(load({ API_KEYS: write('bom.json', API_KEYS) }).apiKeys.size).toBe(1);
  });

  const utf16 = Buffer.from(`\ufeff${GOOD.API_KEYS}`, 'utf16le');
  it.each([
    ['is not there', '@nowhere.json', `points to ${folder}/nowhere.json, which is not there`],
    ['is a folder', `@${folder}`, `points to ${folder}, which is a folder`],
    ['lies behind a file', write('a.json', '[]') + '/b.json', 'cannot be read (ENOTDIR)'],
    [
      'is not JSON',
      write('bad.json', '[\n  whsec_secret'),
      'bad.json, which is not JSON: line 2, column 3: ',
    ],
    ['is UTF-16', write('le.json', utf16), 'le.json, which is UTF-16'],
    ['is UTF-16, big end first', write('be.json', Buffer.from(utf16).swap16()), 'which is UTF-16'],
    [
      'is not UTF-8',
      write('latin1.json', Buffer.from('["\u00e9"]', 'latin1')),
      'which is not UTF-8',
    ],
    ['may be a secret', '@whsec_secret', 'points to a file, which is not there'],
  ])('that %s is named, without a word of it', (_, API_KEYS, sentence) => {
    const [reason = '', ...others] = reasons({ API_KEYS });
    expect([reason, others]).toEqual([expect.stringContaining(sentence), []]);
    expect(reason).toMatch(/^API_KEYS: (?!.*whsec)/);
  });

  it.each(['config/api-keys.json', './keys', 'C:\\keys.json', 'keys.json'])(
    'lacks its @ where it is %s',
    (API_KEYS) => {
      expect(reasons({ API_KEYS })).toEqual([expect.stringContaining('without the @ before it')]);
    },
  );
});

describe('what happened to a value on its way', () => {
  const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
  const withDigest = (sha256: string) => JSON.stringify([keyEntry('k', { sha256 })]);
  const guessable = '"k" has the sha256 of nothing, of a placeholder or of an example';
  it.each<[string, Changes, string]>([
    ['DLC_REGION', { DLC_REGION: 'guangzhou' }, 'must be a region such as ap-guangzhou'],
    ['DLC_REGION', { DLC_REGION: '"ap-guangzhou"' }, 'it has quotes around it'],
    ['DLC_REGION', { DLC_REGION: 'ap-guangzhou\n' }, 'it has a line break in it'],
    ['DLC_REGION', { DLC_REGION: '${env:DLC_REGION}' }, 'it is a template that nobody filled in'],
    ['API_KEYS', { API_KEYS: 'null' }, 'is the text "null" or "undefined"'],
    ['API_KEYS', { API_KEYS: `'${GOOD.API_KEYS}'` }, 'it has quotes around it'],
    ['API_KEYS', { API_KEYS: withDigest(EMPTY) }, guessable],
    ['TENCENTCLOUD_SECRETKEY', { TENCENTCLOUD_SECRETKEY: 'abc\n' }, 'has a line break in it'],
    ['TENCENTCLOUD_SECRETID', { TENCENTCLOUD_SECRETID: "'abc'" }, 'has quotes around it'],
    ['TENCENTCLOUD_SESSIONTOKEN', { TENCENTCLOUD_SESSIONTOKEN: 'null' }, 'is the text "null"'],
    ['TENCENTCLOUD_SECRET_KEY', { TENCENTCLOUD_SECRET_KEY: '<key>' }, 'is a template'],
    ['REDIS_URL', { REDIS_URL: 'redis://h:6379/0\n' }, 'has a line break in it'],
    ['REDIS_URL', { REDIS_URL: 'redis://:${env:PW}@h' }, 'is a template'],
    ['REDIS_URL', { REDIS_URL: 'redis://:<pw>@h' }, 'its password is a template'],
    ['REDIS_URL', { REDIS_URL: 'redis://:aaaaaaaa@h' }, 'its password is one character repeated'],
    ['REDIS_URL', { REDIS_URL: 'redis://:%22pw%22@h' }, 'its password has quotes around it'],
  ])('%s: %j', (name, changes, sentence) => {
    expect(reasons(changes)).toEqual([expect.stringMatching(`^${name}: `)]);
    expect(reasons(changes)[0]).toContain(sentence);
  });

  it('is said of a secret in a list, by its variable', () => {
    const WEBHOOK_SENDERS = JSON.stringify([{ id: 'hub', secrets: ['env:SECRET'] }]);
    const SECRET = `whsec_${Buffer.alloc(24, 'abc').toString('base64')}`;
    expect(reasons({ WEBHOOK_SENDERS, SECRET })).toEqual([]);
    for (const wrong of [`${SECRET}\n`, `"${SECRET}"`, '{{ secret }}', `whsec_${'A'.repeat(32)}`]) {
      expect(reasons({ WEBHOOK_SENDERS, SECRET: wrong })).toEqual([
        expect.stringMatching(
          /^WEBHOOK_SENDERS: "hub", secret 1: the variable SECRET, which a secret refers to, (has|is)/,
        ),
      ]);
    }
  });
});

describe('the demo key', () => {
  const API_KEYS = JSON.stringify([keyEntry(DEMO_KEY)]);

  it('opens a gateway whose DLC is on loopback, and no other', () => {
    expect(reasons({ API_KEYS, DLC_ENDPOINT: 'http://127.0.0.1:9001' })).toEqual([]);
    expect(reasons({ API_KEYS })).toEqual([expect.stringMatching(/^API_KEYS: .*demo key/)]);
  });
});

describe('warnings', () => {
  it.each<[Changes, string[]]>([
    [{}, []],
    [{ METRICS_PORT: 'tcp://10.0.0.1:9090' }, ['METRICS_PORT: is ignored: Kubernetes']],
    [{ PORT: 'tcp://10.0.0.1:9090' }, ['PORT: is ignored: Kubernetes']],
    [{ API_KEY: 'x' }, ['API_KEY: is no setting and is ignored; API_KEYS is one']],
    [
      { dlc_regions: 'x', LOGLEVEL: 'x', UPSTRAEM_RATE: '1' },
      ['dlc_regions: ', 'LOGLEVEL: ', 'UPSTRAEM_RATE: '],
    ],
    [{ '\ufeffDLC_REGION': 'x' }, ['?DLC_REGION: is no setting']],
    [{ API_KEY: '', PATH: '/bin', HOME: '/', GATEWAY_JWT_SECRET: 'x' }, []],
    [{ BLOCKED_PRINCIPALS: 'key:k' }, []],
    [{ MCP: 'on', PUBLIC_URL: 'https://x.example/gw', BASE_PATH: '/gw' }, []],
    [{ MCP: 'on', PUBLIC_URL: 'https://x.example/mcp' }, ['PUBLIC_URL: ends in /mcp']],
    [
      { MCP: 'on', PUBLIC_URL: 'https://x.example', BASE_PATH: '/gw' },
      ['PUBLIC_URL: does not end in BASE_PATH'],
    ],
    [
      { MCP_CONFIRM: 'on', MCP_STATE_SECRET: '0123456789abcdefghijABCDEFGHIJ!?' },
      ['MCP_CONFIRM: has no effect'],
    ],
    [
      { BLOCKED_PRINCIPALS: 'key:K,hook:k,jwt:idp:sub:alice' },
      ['key:K is', 'hook:k is', 'jwt:idp is'].map(
        (one) => `BLOCKED_PRINCIPALS: ${one} no configured`,
      ),
    ],
  ])('%j', (changes, expected) => {
    const { reasons: wrong, warnings } = outcome(changes);
    expect(wrong).toEqual([]);
    expect(warnings).toEqual(expected.map((one) => expect.stringContaining(one)));
  });

  it('come with an error too: a misspelt name is often its reason', () => {
    const { reasons: wrong, warnings } = outcome({ API_KEYS: '', API_KEY: GOOD.API_KEYS });
    expect(wrong).toEqual([expect.stringContaining('nobody can call')]);
    expect(warnings).toEqual([expect.stringContaining('API_KEYS is one')]);
  });

  it('say once what is wrong with a setting', () => {
    const { reasons: wrong } = outcome({
      MCP: 'on',
      PUBLIC_URL: 'https://x.example?a=1',
      MCP_CONFIRM: 'on',
      MCP_STATE_SECRET: 'a'.repeat(43),
    });
    expect(wrong.map((reason) => reason.split(':')[0])).toEqual(['PUBLIC_URL', 'MCP_STATE_SECRET']);
  });

  it('leave the port of Kubernetes out', () => {
    const { port, metricsPort } = load({ PORT: 'tcp://h:1', METRICS_PORT: 'tcp://h:1' });
    expect([port, metricsPort]).toEqual([9000, undefined]);
  });
});
