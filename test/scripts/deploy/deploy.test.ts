import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { startScf, type ScfServer } from '../../support/scf/server.ts';
import { runScript } from '../run-script.ts';
import { changes, makeProject, NAME, run, SECRETS, SHELL, type Project } from './support.ts';

let scf: ScfServer;
let project: Project;
beforeEach(async () => {
  [scf, project] = [await startScf(), makeProject()];
});
afterEach(async () => {
  await scf.close();
  project.remove();
});

const FIRST = [
  'CreateFunction',
  'PutReservedConcurrencyConfig',
  'PublishVersion',
  'UpdateAlias',
  'CreateTrigger',
];
const NEXT = ['UpdateFunctionCode', 'UpdateFunctionConfiguration', 'PublishVersion', 'UpdateAlias'];

function theFunction() {
  const found = scf.functions.get(NAME);
  if (!found) throw new Error('there is no function');
  return found;
}

describe('npm run deploy', () => {
  it('makes the function, waits for it, publishes it, opens its URL and tries it', async () => {
    const { exitCode, messages, waited } = await run(project, scf);
    expect([exitCode, changes(scf)]).toEqual([0, FIRST]);
    expect(messages).toContain(`${NAME} is Creating …`);
    expect(messages).toContain('version 1 is Publishing …');
    expect(messages).toContain(`GET ${scf.endpoint}/healthz answers 200.`);
    expect(waited).toBe(4000);
    const { latest, aliases, reserved, triggers, versions } = theFunction();
    expect(latest.config).toMatchObject({
      Type: 'HTTP',
      Runtime: 'Nodejs24.11',
      InstanceConcurrencyConfig: { DynamicEnabled: 'FALSE', MaxConcurrency: 100 },
      Role: 'dlc-gateway',
      MemorySize: 256,
      Timeout: 15,
    });
    expect(latest.config).not.toHaveProperty('Handler');
    const zip = Buffer.from(latest.zip, 'base64');
    // The upper half of the central directory's external attributes: -rwxr-xr-x.
    expect(zip.readUInt16LE(zip.indexOf('PK\u0001\u0002') + 40)).toBe(0o100755);
    expect([aliases.get('$DEFAULT'), versions.size, reserved]).toEqual(['1', 1, 256]);
    expect(triggers).toMatchObject([{ Type: 'http', Qualifier: '$DEFAULT', Enable: 1 }]);
    const { Variables } = Object(latest.config['Environment']);
    expect(Variables.map(({ Key }: { Key: string }) => Key)).toEqual([
      'DLC_REGION',
      'API_KEYS',
      'WEBHOOK_SENDERS',
      'CLOUD_CREDENTIALS',
      'HOST',
      'PORT',
      'GATEWAY_JWT_SECRET',
      'GATEWAY_WEBHOOK_SECRET',
    ]);
  });

  it('does the same as a process of its own', async () => {
    scf.looks = 0;
    const args = ['--no-build', '--yes', '--config', project.config];
    const env = { ...SHELL, SCF_ENDPOINT: scf.endpoint };
    const { exitCode, stdout, stderr } = await runScript('deploy', args, { env });
    expect([exitCode, stdout, changes(scf)]).toEqual([0, '', FIRST]);
    expect(stderr).toContain('answers 200');
    scf.faults.push({ action: 'UpdateAlias', kind: 'reset-after' });
    const broken = await runScript('deploy', args, { env: { ...env, LOG_LEVEL: 'warn' } });
    expect(broken.exitCode).toBe(75);
    expect(broken.stderr).toContain(
      'The connection broke before the answer: it may have been done or not.',
    );
  });

  it('changes nothing the second time, and says so', async () => {
    await run(project, scf);
    scf.requests.length = 0;
    const { exitCode, messages } = await run(project, scf);
    expect([exitCode, changes(scf)]).toEqual([0, []]);
    expect(messages).toContain('Nothing has changed: nothing was done.');
    expect(messages).toContain('answers 200');
  });

  it.each([
    ['code', {}],
    ['a variable', { LOG_LEVEL: 'debug' }],
    ['a variable less', { GATEWAY_WEBHOOK_SECRET: '', WEBHOOK_SENDERS: '' }],
    ['the role', { SCF_ROLE: 'another' }],
  ])('publishes a version where %s has changed', async (what, env: Record<string, string>) => {
    await run(project, scf);
    scf.requests.length = 0;
    if (what === 'code') project.write('web/server.js', 'serve(2);');
    const { exitCode } = await run(project, scf, { env });
    expect([exitCode, changes(scf)]).toEqual([0, NEXT]);
    expect(theFunction().aliases.get('$DEFAULT')).toBe('2');
  });

  it('bounds the instances by EXPECTED_INSTANCES, and leaves the bound alone where Redis is shared', async () => {
    await run(project, scf, { env: { EXPECTED_INSTANCES: '3' } });
    expect(theFunction().reserved).toBe(768);
    const { messages } = await run(project, scf, { env: { REDIS_URL: 'redis://r:6379' } });
    expect(theFunction().reserved).toBe(768);
    expect(messages).toContain('The reserved quota of 768 MB bounds the instances');
  });

  it('goes back to the version published before, and on to the newest again without uploading', async () => {
    await run(project, scf);
    await run(project, scf, { env: { LOG_LEVEL: 'warn' } });
    scf.requests.length = 0;
    // The engineer who is paged has not all variables at hand.
    const back = await run(project, scf, {
      args: ['--rollback'],
      env: { SCF_ROLE: '', API_KEYS: '' },
    });
    expect([back.exitCode, changes(scf)]).toEqual([0, ['UpdateAlias']]);
    expect(back.messages).toContain('Moving $DEFAULT from 2 to version 1 …');
    expect(back.messages).toContain('answers 200');
    expect(theFunction().aliases.get('$DEFAULT')).toBe('1');
    const further = await run(project, scf, { args: ['--rollback'] });
    expect([further.exitCode, further.messages]).toEqual([
      65,
      expect.stringContaining('There is no version before 1'),
    ]);
    scf.requests.length = 0;
    await run(project, scf, { env: { LOG_LEVEL: 'warn' } });
    expect(changes(scf)).toEqual(['UpdateAlias']);
    expect(theFunction().aliases.get('$DEFAULT')).toBe('2');
  });

  it('finds the newest of many versions', async () => {
    await run(project, scf);
    for (let n = 2; n <= 23; n += 1) {
      theFunction().versions.set(String(n), { ...theFunction().latest, description: 'by hand' });
    }
    theFunction().aliases.set('$DEFAULT', '23');
    await run(project, scf, { args: ['--rollback'] });
    expect(theFunction().aliases.get('$DEFAULT')).toBe('22');
  });

  it('does not go back from a function that it never published', async () => {
    const { exitCode, messages } = await run(project, scf, { args: ['--rollback'] });
    expect([exitCode, messages]).toEqual([65, expect.stringContaining('is not there')]);
  });

  it('deploys the event function where it is named, to another stage and region', async () => {
    const args = ['--config', project.eventConfig, '--stage', 'prod', '--region', 'ap-singapore'];
    const { exitCode } = await run(project, scf, { args });
    expect(exitCode).toBe(0);
    const { latest } = scf.functions.get('dlc-task-gateway-prod') ?? {};
    expect(latest?.config).toMatchObject({ Type: 'Event', Handler: 'function.main_handler' });
    expect(latest?.config).not.toHaveProperty('InstanceConcurrencyConfig');
    expect(JSON.stringify(latest?.config)).not.toContain('CLOUD_CREDENTIALS');
  });

  it.each([
    ['an event function', 'a web function', '--config serverless.event.yml'],
    ['a web function', 'an event function', ''],
  ])('does not make %s %s, and says which two ways there are', async (was, wanted, file) => {
    const event = ['--config', project.eventConfig];
    await run(project, scf, { args: was === 'an event function' ? event : [] });
    scf.requests.length = 0;
    const args = was === 'an event function' ? [] : event;
    const { exitCode, messages, asked } = await run(project, scf, { args, response: true });
    expect([exitCode, changes(scf), asked]).toEqual([78, [], []]);
    expect(messages).toContain(
      `${NAME} is ${was}, and SCF cannot make it ${wanted}. Nothing was changed.`,
    );
    expect(messages).toContain(`  npm run deploy -- --stage NAME: ${wanted} beside it`);
    expect(messages).toContain(
      `  npm run deploy${file && ` -- ${file}`}: the function stays what it is`,
    );
    // Both ways lead somewhere.
    const stays = await run(project, scf, { args: file === '' ? [] : event, response: true });
    expect([stays.exitCode, changes(scf)]).toEqual([0, []]);
    const beside = await run(project, scf, { args: [...args, '--stage', 'next'], response: true });
    expect([beside.exitCode, changes(scf)]).toEqual([0, FIRST]);
  });

  it('makes an alias of one’s own, and changes a function URL that is otherwise than wanted', async () => {
    const own = makeProject((yaml) => yaml.replace('$DEFAULT', 'live'));
    expect((await run(own, scf)).exitCode).toBe(0);
    expect(theFunction().aliases.get('live')).toBe('1');
    const intranet = makeProject((yaml) =>
      yaml.replace('$DEFAULT', 'live').replace('enableIntranet: false', 'enableIntranet: true'),
    );
    scf.requests.length = 0;
    expect((await run(intranet, scf)).exitCode).toBe(0);
    expect(changes(scf)).toEqual(['UpdateTrigger']);
    own.remove();
    intranet.remove();
  });

  it('says that callers get a version where the run that made the function broke off', async () => {
    const own = makeProject((yaml) => yaml.replace('$DEFAULT', 'live'));
    scf.faults.push({ action: 'PublishVersion', kind: 'UnauthorizedOperation' });
    expect((await run(own, scf)).exitCode).toBe(77);
    const { asked } = await run(own, scf, { response: false });
    expect(asked[0]).toContain(
      `Callers of ${NAME} in ap-guangzhou go from nowhere to a new version.`,
    );
    own.remove();
  });

  it('shows what it makes, and asks before', async () => {
    const no = await run(project, scf, { response: false });
    expect([no.exitCode, changes(scf), no.asked]).toEqual([
      1,
      [],
      [`${NAME} in ap-guangzhou is made: a web function with a public URL.\nGo on?`],
    ]);
    expect(no.messages).toMatch(/\nNothing was done\.$/);
    const yes = await run(project, scf, { response: true });
    expect([yes.exitCode, changes(scf)]).toEqual([0, FIRST]);
  });

  it('shows what changes, without a secret, and asks', async () => {
    await run(project, scf);
    project.write('web/server.js', 'serve(2);');
    const env = {
      LOG_LEVEL: 'warn',
      EXPECTED_INSTANCES: '2',
      SCF_ROLE: 'another-role',
      API_KEYS: SHELL.API_KEYS.replace('reporting', 'planted-name'),
      GATEWAY_WEBHOOK_SECRET: '',
      WEBHOOK_SENDERS: '',
      JWT_ISSUERS: '@/mounted/planted.json',
      VPC_ID: 'vpc-1',
      SUBNET_ID: 'subnet-1',
    };
    scf.requests.length = 0;
    const no = await run(project, scf, { env, response: false });
    expect([no.exitCode, changes(scf)]).toEqual([1, []]);
    const lines = [
      `Callers of ${NAME} in ap-guangzhou go from version 1 to a new version.`,
      'code: 1 KB that differ',
      'Role: dlc-gateway → another-role',
      'VpcConfig: not set → {"VpcId":"vpc-1","SubnetId":"subnet-1"}',
      'API_KEYS: changed',
      'WEBHOOK_SENDERS: removed',
      'GATEWAY_WEBHOOK_SECRET: removed',
      'JWT_ISSUERS: added',
      'EXPECTED_INSTANCES: not set → 2',
      'LOG_LEVEL: not set → warn',
      'bound of the instances: 256 MB → 512 MB together',
    ];
    expect(no.asked).toEqual([expect.stringMatching(/\nGo on\?$/)]);
    expect(no.asked[0]).toContain(`${lines.join('\n  ')}\nGo on?`);
    for (const secret of [...SECRETS, 'planted']) expect(no.messages).not.toContain(secret);
    const yes = await run(project, scf, { env });
    expect([yes.exitCode, yes.messages]).toEqual([
      0,
      expect.stringContaining('LOG_LEVEL: not set → warn'),
    ]);
    scf.requests.length = 0;
    const again = await run(project, scf, { env, response: false });
    expect([again.exitCode, changes(scf), again.asked]).toEqual([0, [], []]);
  });

  it('asks before it goes back: from what to what, and which keys come back', async () => {
    await run(project, scf);
    await run(project, scf, { env: { API_KEYS: SHELL.API_KEYS.replaceAll('aaaa', 'bbbb') } });
    scf.requests.length = 0;
    const no = await run(project, scf, { args: ['--rollback'], response: false });
    expect([no.exitCode, changes(scf), no.asked]).toEqual([
      1,
      [],
      [
        [
          `Callers of ${NAME} in ap-guangzhou go back from version 2 to version 1.`,
          '  Code, settings and packed lists go back together: a key, token or webhook secret that was removed or replaced after version 1 is accepted again.',
          '  API_KEYS: changed',
          'Go on?',
        ].join('\n'),
      ],
    ]);
    const yes = await run(project, scf, { args: ['--rollback'], response: true });
    expect([yes.exitCode, changes(scf)]).toEqual([0, ['UpdateAlias']]);
  });

  it.each([[[]], [['--rollback']]])(
    'needs --yes where there is no terminal, with %j',
    async (args: string[]) => {
      await run(project, scf);
      await run(project, scf, { env: { LOG_LEVEL: 'warn' } });
      scf.requests.length = 0;
      const refused = await run(project, scf, { args, response: 'nobody' });
      expect([refused.exitCode, scf.requests]).toEqual([64, []]);
      expect(refused.messages).toContain('There is no terminal to ask on: --yes');
    },
  );

  it('is patient with a new address, and says what to do about a version that does not serve', async () => {
    scf.healthz.push(404, 404);
    expect(await run(project, scf)).toMatchObject({ exitCode: 0, waited: 4000 + 2 * 5000 });
    scf.healthz.push(...Array.from({ length: 14 }, () => 500));
    const { exitCode, messages } = await run(project, scf, { env: { LOG_LEVEL: 'warn' } });
    expect(exitCode).toBe(69);
    expect(messages).toContain('Version 2 is deployed, but does not serve: 500.');
    expect(messages).toContain('npm run deploy -- --rollback');
  });

  it('says what a version lacks that serves and is not ready', async () => {
    const problem = {
      code: 'gateway-misconfigured',
      fault: 'cloud-credentials-rejected',
      detail: `DLC refuses the role.\u001b[2J ${SHELL.GATEWAY_JWT_SECRET}`,
    };
    const notYet = { status: 503, problem };
    scf.readyz.push(notYet, notYet);
    expect(await run(project, scf)).toMatchObject({ exitCode: 0, waited: 4000 + 2 * 5000 });
    scf.readyz.push(...Array.from({ length: 14 }, () => notYet));
    const { exitCode, messages } = await run(project, scf, { env: { LOG_LEVEL: 'warn' } });
    expect(exitCode).toBe(69);
    expect(messages).toContain(
      'Version 2 is deployed, but is not ready: 503, cloud-credentials-rejected: DLC refuses the role. [2J <hidden>.\n',
    );
    expect(messages).toContain(
      'Give the role that SCF_ROLE names the policy of deploy/cam-role-policy.json',
    );
    expect(messages).toContain('npm run deploy -- --rollback');
  });

  it('says so if a version is older than /readyz', async () => {
    scf.readyz.push({ status: 404 });
    const { exitCode, messages } = await run(project, scf);
    expect([exitCode, messages]).toEqual([0, expect.stringContaining('has no /readyz')]);
  });

  it('trusts no address that is not https', async () => {
    scf.url = 'http://gateway.example.org';
    const { exitCode, messages } = await run(project, scf);
    expect([exitCode, messages]).toEqual([76, expect.stringContaining('not https')]);
  });

  it('cannot change a runtime, and says how to move', async () => {
    await run(project, scf);
    const older = makeProject((yaml) => yaml.replace('Nodejs24.11', 'Nodejs22.21'));
    scf.requests.length = 0;
    const { exitCode, messages } = await run(older, scf);
    expect([exitCode, changes(scf)]).toEqual([78, []]);
    expect(messages).toContain(
      'has Runtime Nodejs24.11, and SCF cannot make it Nodejs22.21. Nothing was changed.',
    );
    older.remove();
  });

  it('waits for what somebody else is changing, and not for ever', async () => {
    await run(project, scf);
    theFunction().moving = { state: 'Updating', looks: 3, until: 'UpdateFailed' };
    expect((await run(project, scf, { env: { LOG_LEVEL: 'warn' } })).exitCode).toBe(0);
    theFunction().moving = { state: 'Updating', looks: 1000, until: 'Active' };
    const { exitCode, messages, waited } = await run(project, scf);
    expect([exitCode, waited]).toEqual([75, 300_000]);
    expect(messages).toContain(`${NAME} has been Updating for five minutes.`);
    // Every ten seconds a line.
    expect(messages.match(/is Updating …/g)).toHaveLength(30);
  });

  it.each([
    ['CreateFunction', 'CreateFailed', 'It has never served: delete it'],
    ['PublishVersion', 'PublishFailed', 'Callers still get the version before.'],
  ])('says what became of a %s that ends in %s', async (action, state, sentence) => {
    scf.endsIn.set(action, state);
    const first = await run(project, scf);
    expect([first.exitCode, first.messages]).toEqual([69, expect.stringContaining(sentence)]);
    scf.endsIn.clear();
    const second = await run(project, scf);
    expect(second.exitCode).toBe(action === 'CreateFunction' ? 69 : 0);
  });
});
