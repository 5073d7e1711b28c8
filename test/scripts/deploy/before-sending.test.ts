import { readFileSync } from 'node:fs';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { makeDemoCallers } from '../../../scripts/start/demo.ts';
import { keyEntry } from '../../support/three-callers.ts';
import { runScript } from '../run-script.ts';
import { makeProject, run, SECRETS, SHELL, WEBHOOK_SECRET, type Project } from './support.ts';

let project: Project;
beforeEach(() => {
  project = makeProject();
});
afterEach(() => project.remove());

const NOWHERE = { endpoint: 'http://127.0.0.1:1' };

describe('--dry-run', () => {
  it('prints the requests in order, without a secret, a credential or a network', async () => {
    const env = {
      TENCENTCLOUD_SECRET_ID: '',
      TENCENTCLOUD_SECRET_KEY: '',
      REDIS_URL: 'redis://:planted-redis-password@r:6379',
    };
    const { exitCode, out, messages } = await run(project, NOWHERE, { args: ['--dry-run'], env });
    expect(exitCode).toBe(0);
    const requests: { action: string; input: Record<string, unknown> }[] = JSON.parse(out);
    const sent = requests
      .map(({ action }) => action)
      .filter((action) => !/^(Get|List)/.test(action));
    expect(sent).toEqual(['CreateFunction', 'PublishVersion', 'UpdateAlias', 'CreateTrigger']);
    const created = requests.find(({ action }) => action === 'CreateFunction');
    expect(created?.input).toMatchObject({
      Code: { ZipFile: expect.stringMatching(/^<zip, \d+ characters of base64>$/) },
      Environment: {
        Variables: expect.arrayContaining([
          { Key: 'DLC_REGION', Value: 'ap-guangzhou' },
          { Key: 'GATEWAY_WEBHOOK_SECRET', Value: `<hidden, ${WEBHOOK_SECRET.length} bytes>` },
        ]),
      },
    });
    for (const secret of [...SECRETS, 'planted-redis-password']) {
      expect(out + messages).not.toContain(secret);
    }
    expect(messages).toContain('Nothing was sent.');
  });

  it('names everything that is missing or wrong at once, after what it would send', async () => {
    const env = { DLC_REGION: '', SCF_ROLE: '', API_KEYS: '[{}]', LOG_LEVEL: 'loud' };
    const { exitCode, out, messages } = await run(project, NOWHERE, { args: ['--dry-run'], env });
    expect(exitCode).toBe(78);
    expect(JSON.parse(out)[0].region).toBe('<DLC_REGION is not set>');
    expect(messages).toContain(
      '  DLC_REGION: is not set in this shell\n  SCF_ROLE: is not set in this shell',
    );
    expect(messages).toContain('  API_KEYS: [0].id is missing');
    expect(messages).toContain('  LOG_LEVEL: must be one of');
  });

  it('shows no value that it refuses: anything may have been put there', async () => {
    const planted = 'https://user:planted-in-the-wrong-place@dlc.tencentcloudapi.com';
    const env = {
      DLC_ENDPOINT: planted,
      CORS_ORIGINS: planted,
      LOG_LEVEL: 'planted-in-the-wrong-place',
    };
    const { exitCode, out, messages } = await run(project, NOWHERE, { args: ['--dry-run'], env });
    expect(exitCode).toBe(78);
    for (const name of Object.keys(env)) expect(messages).toContain(`  ${name}: must`);
    expect(out + messages).not.toContain('planted-in-the-wrong-place');
  });

  it('shows no secret, whatever it begins with', async () => {
    const env = {
      GATEWAY_JWT_SECRET: '@config/planted.json',
      REDIS_URL: '@planted-redis',
      API_KEYS: '@planted-key',
      JWT_ISSUERS: '@/planted/issuers.json',
      GATEWAY_WEBHOOK_SECRET: '<planted>',
      CORS_ORIGINS: '@planted-origin',
    };
    const { out, messages } = await run(project, NOWHERE, { args: ['--dry-run'], env });
    expect(out + messages).not.toContain('planted');
    const named = { API_KEYS: '@config/api-keys.json' };
    project.write('web/config/api-keys.json', SHELL.API_KEYS);
    const shown = await run(project, NOWHERE, { args: ['--dry-run'], env: named });
    expect([shown.exitCode, shown.out]).toEqual([0, expect.stringContaining(named.API_KEYS)]);
  });

  it.each([
    ['redis://10.0.0.5:6379', true],
    ['rediss://:planted-password@192.168.7.1', true],
    ['redis://172.31.255.255', true],
    ['redis://[fd12::1]:6379', true],
    ['redis://127.0.0.1', true],
    ['redis://localhost', true],
    ['redis://172.32.0.1', false],
    ['redis://8.8.8.8', false],
    ['redis://redis.example.org', false],
  ])('names %s without a VPC: %j', async (REDIS_URL, isNamed) => {
    const reason = '  REDIS_URL: has an address of a private network';
    const asked = { args: ['--dry-run'], env: { REDIS_URL } };
    const { exitCode, out, messages } = await run(project, NOWHERE, asked);
    expect([exitCode, messages.includes(reason)]).toEqual(isNamed ? [78, true] : [0, false]);
    expect(out + messages).not.toContain('planted-password');
    // What a network needs is said with it and without it.
    const needs =
      'through a NAT gateway, or by DLC_ENDPOINT=https://dlc.internal.tencentcloudapi.com';
    expect(messages.includes(needs)).toBe(isNamed);
    const network = { VPC_ID: 'vpc-1', SUBNET_ID: 'subnet-1' };
    const inside = await run(project, NOWHERE, { ...asked, env: { REDIS_URL, ...network } });
    expect([inside.exitCode, inside.messages]).toEqual([0, expect.stringContaining(needs)]);
    expect(inside.out).toContain('"VpcId": "vpc-1"');
    const half = await run(project, NOWHERE, { ...asked, env: { REDIS_URL, VPC_ID: 'vpc-1' } });
    expect([half.exitCode, half.messages]).toEqual([
      78,
      expect.stringContaining('SUBNET_ID: is not set in this shell'),
    ]);
  });

  it('shows what going back would send', async () => {
    const { exitCode, out } = await run(project, NOWHERE, { args: ['--dry-run', '--rollback'] });
    expect(exitCode).toBe(0);
    const moved = JSON.parse(out).find(
      ({ action }: { action: string }) => action === 'UpdateAlias',
    );
    expect(moved.input).toMatchObject({ Name: '$DEFAULT', FunctionVersion: '1' });
  });

  it('works as a process, with a build, for somebody who has only the README', async () => {
    const { API_KEYS, DLC_REGION, SCF_ROLE } = SHELL;
    const ran = await runScript('deploy', ['--dry-run'], {
      env: { API_KEYS, DLC_REGION, SCF_ROLE },
    });
    expect(ran).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('Building dist/ …') });
    expect(JSON.parse(ran.stdout)).toHaveLength(12);
    const help = await runScript('deploy', ['--help']);
    expect(help).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('--rollback') });
    const bare = await runScript('deploy', []);
    expect(bare).toMatchObject({
      exitCode: 77,
      stderr: expect.stringContaining('TENCENTCLOUD_SECRET_ID'),
    });
  });
});

/** What is refused before a request is sent: nothing listens where SCF should be. */
async function refused(env: Record<string, string>, changed: Project = project) {
  const { exitCode, messages } = await run(changed, NOWHERE, { env });
  expect(messages).not.toContain('failed:');
  for (const secret of SECRETS) expect(messages).not.toContain(secret);
  return { exitCode, messages };
}

describe('before anything is sent', () => {
  it('names the variables that entries are made of, with all that is wrong beside them', async () => {
    const wrong = {
      DLC_REGION: 'Peking',
      STAGE: 'PLANTED!',
      SCF_ROLE: 'a PLANTED role',
      LOG_LEVEL: 'loud',
      SCF_ENDPOINT: 'PLANTED',
    };
    for (const args of [[], ['--dry-run']]) {
      const { exitCode, out, messages } = await run(project, NOWHERE, { args, env: wrong });
      expect([exitCode, out]).toEqual([78, '']);
      expect(messages).not.toContain('PLANTED');
      const names = messages.split('\n').map((line) => /^ {2}(\w+):/.exec(line)?.[1]);
      expect(names).toHaveLength(6);
      expect(new Set(names.slice(1))).toEqual(new Set(Object.keys(wrong)));
    }
    const other = await refused({ STAGE: '1', SCF_ROLE: '' }, project);
    expect(other.messages).not.toContain('STAGE:');
    expect(other.messages).toContain('SCF_ROLE: is not set');
  });

  it.each([['a b'], ['r'.repeat(129)], ['role/../x']])('refuses the role %j', async (SCF_ROLE) => {
    const { exitCode, messages } = await refused({ SCF_ROLE });
    expect([exitCode, messages]).toEqual([78, expect.stringContaining('SCF_ROLE: inputs.role')]);
  });

  it('refuses a malformed SCF_ENDPOINT in a dry run too', async () => {
    const env = { SCF_ENDPOINT: 'ftp://scf.tencentcloudapi.com', LOG_LEVEL: 'loud' };
    const { exitCode, messages } = await run(project, undefined, { args: ['--dry-run'], env });
    expect(exitCode).toBe(78);
    expect(messages).toContain('  SCF_ENDPOINT: must be an https: address\n  LOG_LEVEL: must be');
  });

  it("refuses the example's keys, in a variable and in a packed file", async () => {
    const example = readFileSync('config/api-keys.example.json', 'utf8');
    const sentence = 'has the sha256 of nothing, of a placeholder or of an example';
    expect((await refused({ API_KEYS: example })).messages).toContain(sentence);
    project.write('web/config/api-keys.json', example);
    const packed = await refused({ API_KEYS: '@config/api-keys.json' });
    expect([packed.exitCode, packed.messages]).toEqual([78, expect.stringContaining(sentence)]);
  });

  it.each([
    ['of nothing', '', 'has the sha256 of nothing'],
    ['of a placeholder', 'changeme', 'has the sha256 of nothing, of a placeholder'],
    ['of the demo', makeDemoCallers().key, 'has the sha256 of the demo key'],
  ])('refuses the key %s', async (_, key, sentence) => {
    const { exitCode, messages } = await refused({ API_KEYS: JSON.stringify([keyEntry(key)]) });
    expect([exitCode, messages]).toEqual([78, expect.stringContaining(sentence)]);
  });

  it('refuses to reserve what no account has, and tells of what not every account has', async () => {
    const absurd = await refused({ EXPECTED_INSTANCES: '100000' });
    expect(absurd.exitCode).toBe(78);
    expect(absurd.messages).toContain('EXPECTED_INSTANCES: so many of 256 MB reserve 25600000 MB');
    const dry = async (EXPECTED_INSTANCES: string, more = {}) => {
      const env = { EXPECTED_INSTANCES, ...more };
      return await run(project, NOWHERE, { args: ['--dry-run'], env });
    };
    expect(await dry('200')).toMatchObject({ exitCode: 0 });
    expect((await dry('200')).messages).not.toContain('EXPECTED_INSTANCES');
    const note = 'EXPECTED_INSTANCES reserves 51456 MB: not every account';
    expect(await dry('201')).toMatchObject({
      exitCode: 0,
      messages: expect.stringContaining(note),
    });
    const shared = await dry('100000', { REDIS_URL: 'redis://r:6379' });
    expect(shared).toMatchObject({
      exitCode: 0,
      messages: expect.not.stringContaining('EXPECTED'),
    });
  });

  it('finds that the variables are more than 4 KB, and says where they go', async () => {
    const entry = { sha256: 'b'.repeat(64), scopes: ['tasks:cancel'] };
    const keys = Array.from({ length: 40 }, (_, i) => ({ id: `caller-${i}`, ...entry }));
    const { exitCode, messages } = await refused({ API_KEYS: JSON.stringify(keys) });
    expect(exitCode).toBe(78);
    expect(messages).toMatch(/all variables together have \d{4} bytes, and SCF takes 4096/);
    expect(messages).toContain('set API_KEYS=@config/api-keys.json');
  });

  it('finds names that SCF keeps for itself', async () => {
    const taken = makeProject((yaml) =>
      yaml.replace('LOG_LEVEL: ', 'TENCENTCLOUD_X: 1\n      LOG_LEVEL: '),
    );
    const { exitCode, messages } = await refused({}, taken);
    expect([exitCode, messages]).toEqual([
      78,
      expect.stringContaining('TENCENTCLOUD_X: SCF keeps names'),
    ]);
    taken.remove();
  });

  it('finds a secret that no variable of the function has', async () => {
    const { exitCode, messages } = await refused({ GATEWAY_WEBHOOK_SECRET: '' });
    expect(exitCode).toBe(78);
    expect(messages).toContain(
      'the variable GATEWAY_WEBHOOK_SECRET, which a secret refers to, is not set; set it',
    );
  });

  it('reads packed files as the function will, and leaves mounted ones to it', async () => {
    const missing = await refused({ API_KEYS: '@config/api-keys.json' });
    expect(missing.messages).toMatch(
      /API_KEYS: points to .*config\/api-keys.json, which is not there; @path is inside the package/,
    );
    project.write('web/config/api-keys.json', SHELL.API_KEYS);
    const { messages } = await run(project, undefined, {
      args: ['--dry-run'],
      env: { API_KEYS: '@config/api-keys.json', JWT_ISSUERS: '@/mnt/issuers.json' },
    });
    expect(messages).toContain('Not checked, since only the function sees the file: JWT_ISSUERS');
  });

  it.each([
    [
      'an entry that is not known',
      (yaml: string) => yaml.replace('timeout: 15', 'timeout: 15\n  layers: []'),
      'unknown member layers',
    ],
    [
      'a version in place of an alias',
      (yaml: string) => yaml.replace('$DEFAULT', '$LATEST'),
      'inputs.events[0].http.parameters.qualifier must match',
    ],
    [
      'what is no YAML',
      (yaml: string) => yaml.replace('component: scf', 'component: "PLANTED'),
      'is not YAML',
    ],
    [
      'a placeholder that is not known',
      (yaml: string) => yaml.replace('${stage}', '${stag}'),
      '${stag} is not known',
    ],
    [
      'a name that SCF does not take',
      (yaml: string) => yaml.replace('dlc-task-gateway-${stage}', '1-${stage}'),
      'inputs.name must be 2 to 60 of',
    ],
  ])('refuses %s', async (_, change, sentence) => {
    const changed = makeProject(change);
    const { exitCode, messages } = await refused({}, changed);
    expect([exitCode, messages]).toEqual([78, expect.stringContaining(sentence)]);
    expect(messages).not.toContain('PLANTED');
    changed.remove();
  });

  it.each([
    [['--config', '/nowhere/serverless.yml'], {}, 66, 'cannot be read'],
    [['--stage', 'Prod!'], {}, 64, '--stage must be'],
    [['--region', 'Peking'], {}, 64, '--region must be'],
    [[], { TENCENTCLOUD_SECRET_ID: '' }, 77, 'There are no cloud credentials'],
    [
      [],
      { TENCENTCLOUD_SECRET_ID: 'AKID\u0007planted' },
      77,
      'characters that no credentials have',
    ],
    [
      [],
      { SCF_ENDPOINT: 'http://scf.tencentcloudapi.com' },
      78,
      'SCF_ENDPOINT: may be an http: address on loopback only',
    ],
    [
      [],
      { SCF_ENDPOINT: 'https://dlc.tencentcloudapi.com' },
      78,
      'SCF_ENDPOINT: must name a host whose first label is "scf"',
    ],
  ])(
    'refuses %j with %j',
    async (args: string[], env: Record<string, string>, exitCode, sentence) => {
      const ran = await run(project, NOWHERE, { args, env });
      expect([ran.exitCode, ran.messages]).toEqual([exitCode, expect.stringContaining(sentence)]);
    },
  );
});
