import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { loadSettings } from '../../src/settings.ts';
import { projectRoot } from '../support/checkout.ts';

/** The roles of deploy/, and the examples of config/. */

const read = (...names: string[]): unknown =>
  JSON.parse(readFileSync(path.join(projectRoot, ...names), 'utf8'));

describe('deploy/', () => {
  it('lets the role cancel and describe tasks, and nothing else', () => {
    expect(read('deploy', 'cam-role-policy.json')).toEqual({
      version: '2.0',
      statement: [
        { effect: 'allow', action: ['dlc:CancelTask', 'dlc:DescribeTasks'], resource: ['*'] },
      ],
    });
  });

  it('lets SCF take the role, and nobody else', () => {
    expect(read('deploy', 'cam-role-trust.json')).toEqual({
      version: '2.0',
      statement: [
        {
          effect: 'allow',
          action: ['name/sts:AssumeRole'],
          principal: { service: ['scf.qcloud.com'] },
        },
      ],
    });
  });

  it('names the actions that the gateway calls', () => {
    const client = readFileSync(path.join(projectRoot, 'src/lib/dlc/client.ts'), 'utf8');
    const [types = ''] = /(?<=export type Action = )[^;]+/.exec(client) ?? [];
    const called = [...types.matchAll(/'(\w+)'/g)].map(([, name]) => `dlc:${name}`);
    const { statement } = Object(read('deploy', 'cam-role-policy.json'));
    expect(statement[0].action).toEqual(called);
  });
});

describe('config/*.example.json', () => {
  const SETTINGS = {
    API_KEYS: 'api-keys',
    JWT_ISSUERS: 'jwt-issuers',
    WEBHOOK_SENDERS: 'webhook-senders',
  };
  const SECRETS = {
    GATEWAY_JWT_SECRET: '0123456789abcdef0123456789abcdef',
    GATEWAY_WEBHOOK_SECRET: `whsec_${Buffer.alloc(32, 7).toString('base64')}`,
  };

  it('are all that there are', () => {
    const files = readdirSync(path.join(projectRoot, 'config')).filter((file) =>
      file.endsWith('.example.json'),
    );
    expect(files).toEqual(Object.values(SETTINGS).map((name) => `${name}.example.json`));
  });

  it.each(['@', `@${projectRoot}/`])('are taken by the gateway, behind %s', (prefix) => {
    const settings = Object.entries(SETTINGS).map(([name, file]) => [
      name,
      `${prefix}config/${file}.example.json`,
    ]);
    const env = { DLC_REGION: 'ap-guangzhou', ...SECRETS, ...Object.fromEntries(settings) };
    // Nobody has the keys of the example's digests.
    expect(() => loadSettings(env, projectRoot)).toThrow(
      /^API_KEYS: "reporting" has the sha256 .*\nAPI_KEYS: "nightly" has the sha256 [^\n]*$/,
    );
    const example = readFileSync(path.join(projectRoot, 'config/api-keys.example.json'), 'utf8');
    const API_KEYS = example.replace('000', '123').replace('111', '123');
    const config = loadSettings({ ...env, API_KEYS }, projectRoot);
    expect(config.apiKeys.size).toBe(2);
    expect(config.jwtIssuers.map(({ id }) => id)).toEqual(['login', 'backend']);
    expect(config.webhookSenders.map(({ principal }) => principal.id)).toEqual(['hook:scheduler']);
  });

  it('hold no secret: without the variables they are refused', () => {
    const env = {
      DLC_REGION: 'ap-guangzhou',
      JWT_ISSUERS: '@config/jwt-issuers.example.json',
      WEBHOOK_SENDERS: '@config/webhook-senders.example.json',
    };
    const refused = (): unknown => loadSettings(env, projectRoot);
    expect(refused).toThrow(
      'the variable GATEWAY_JWT_SECRET, which a secret refers to, is not set',
    );
    expect(refused).toThrow('the variable GATEWAY_WEBHOOK_SECRET,');
  });
});
