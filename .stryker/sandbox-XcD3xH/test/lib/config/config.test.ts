import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, describe, expect, it } from '@jest/globals';

import { ConfigError, loadConfig } from '../../../src/lib/config/config.ts';
import { keyEntry } from '../../support/three-callers.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'config-'));
afterAll(() => rmSync(folder, { recursive: true }));

const GOOD = { DLC_REGION: 'ap-guangzhou', API_KEYS: JSON.stringify([keyEntry('k')]) };
const load = (changes: Record<string, string | undefined> = {}) =>
  loadConfig({ ...GOOD, ...changes }, folder);

function reasons(changes: Record<string, string | undefined>): readonly string[] {
  try {
    load(changes);
  } catch (error) {
    if (error instanceof ConfigError) return error.reasons;
    throw error;
  }
  return [];
}

describe('settings', () => {
  it('have the defaults of the README', () => {
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

  it('name all that is wrong at once', () => {
    const said = reasons({ PORT: 'x', LOG_LEVEL: 'x', DLC_REGION: 'x', API_KEYS: '[]' }).join('\n');
    for (const name of ['PORT', 'LOG_LEVEL', 'DLC_REGION', 'API_KEYS'])
      expect(said).toContain(name);
  });

  it('must let somebody call', () => {
    for (const API_KEYS of [undefined, '', '[]']) {
      expect(reasons({ API_KEYS }).join()).toContain('nobody can call');
    }
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

  it('that is not JSON is said to be so, without a word of it', () => {
    writeFileSync(path.join(folder, 'bad.json'), 'whsec_secret');
    expect(reasons({ API_KEYS: '@bad.json' })).toEqual([
      'API_KEYS: points to a file that is not JSON',
    ]);
  });
});
