import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';

import { ACTIONS } from '../../../scripts/deploy/scf.ts';
import { startScf, type ScfServer } from '../../support/scf/server.ts';
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

const LATER = { LOG_LEVEL: 'debug' };
const isRead = (action: string): boolean => /^(Get|List)/.test(action);

/** A deployment that needs this action: the first one, or one over another. */
async function prepare(action: string): Promise<Record<string, string>> {
  const isOfFirst = ['CreateFunction', 'CreateTrigger', 'PutReservedConcurrencyConfig'].includes(
    action,
  );
  if (isOfFirst) return {};
  await run(project, scf);
  return LATER;
}

const HAPPENED = ACTIONS.filter((action) => action !== 'UpdateTrigger' && action !== 'CreateAlias');

describe('a fault in the middle', () => {
  describe.each(HAPPENED)('%s', (action) => {
    it.each(['reset-before', 'reset-after', 'InternalError', 'FailedOperation'])(
      'that breaks off with %s is finished by the next run',
      async (kind) => {
        const env = await prepare(action);
        scf.faults.push({
          action,
          kind,
          message: `we got ${JSON.stringify({ ...SHELL, ...env })}`,
        });
        const broken = await run(project, scf, { env });
        const isOvercome = isRead(action) && kind !== 'FailedOperation';
        expect([broken.exitCode, scf.faults]).toEqual([isOvercome ? 0 : 75, []]);
        if (!isOvercome) {
          expect(broken.messages).toContain(`${action} failed: `);
          expect(broken.messages).toContain('Run the same command again in a minute');
        }
        const finished = await run(project, scf, { env });
        expect(finished.exitCode).toBe(0);
        const { aliases, versions, reserved, triggers } = scf.functions.get(NAME) ?? {};
        const served = versions?.get(aliases?.get('$DEFAULT') ?? '');
        expect(JSON.stringify(served?.config).includes('"debug"')).toBe(env === LATER);
        expect([versions?.size, reserved, triggers?.length]).toEqual([
          env === LATER ? 2 : 1,
          256,
          1,
        ]);
        for (const secret of SECRETS)
          expect(broken.messages + finished.messages).not.toContain(secret);
        scf.requests.length = 0;
        await run(project, scf, { env });
        expect(changes(scf)).toEqual([]);
      },
    );
  });

  it.each(['reset-before', 'reset-after'])(
    'around an alias of one’s own and a changed URL, %s, is finished by the next run',
    async (kind) => {
      const live = makeProject((yaml) => yaml.replace('$DEFAULT', 'live'));
      scf.faults.push({ action: 'CreateAlias', kind });
      expect((await run(live, scf)).exitCode).toBe(75);
      expect((await run(live, scf)).exitCode).toBe(0);
      const closed = makeProject((yaml) =>
        yaml.replace('$DEFAULT', 'live').replace('enableExtranet: true', 'enableExtranet: false'),
      );
      scf.faults.push({ action: 'UpdateTrigger', kind });
      expect((await run(closed, scf)).exitCode).toBe(75);
      const finished = await run(closed, scf);
      expect([finished.exitCode, finished.messages]).toEqual([
        0,
        expect.stringContaining('It has no public URL, so it is not tried from here.'),
      ]);
      live.remove();
      closed.remove();
    },
  );

  it('says so where a function URL has no address', async () => {
    await run(project, scf);
    const [trigger] = scf.functions.get(NAME)?.triggers ?? [];
    const { ExtranetUrl: _, ...net } = JSON.parse(String(trigger?.['TriggerDesc'])).NetConfig;
    const described = { AuthType: 'NONE', ApiGwCompatible: false, NetConfig: net };
    Object.assign(trigger ?? {}, { TriggerDesc: JSON.stringify(described) });
    const { exitCode, messages } = await run(project, scf);
    expect([exitCode, messages]).toEqual([
      75,
      expect.stringContaining('SCF gives no address for it'),
    ]);
  });

  it('waits a moment and tries again where SCF is busy', async () => {
    scf.faults.push({
      action: 'CreateTrigger',
      kind: 'FailedOperation.FunctionStatusError',
      times: 3,
    });
    expect(await run(project, scf)).toMatchObject({ exitCode: 0, waited: 4000 + 3 * 3000 });
    scf.faults.push({ action: 'PublishVersion', kind: 'RequestLimitExceeded', times: 4 });
    const { exitCode, messages } = await run(project, scf, { env: LATER });
    expect([exitCode, messages]).toEqual([75, expect.stringContaining('Too many requests to SCF')]);
  });

  it.each([
    ['AuthFailure.SignatureExpire', 77, 'the clock of this machine'],
    ['UnauthorizedOperation', 77, 'deploy/cam-deployer-policy.json'],
    ['UnauthorizedOperation.CAM', 77, 'cam:PassRole'],
    ['ResourceNotFound.Role', 78, 'deploy/cam-role-trust.json'],
    ['FailedOperation.QcsRoleNotFound', 78, 'deploy/cam-role-policy.json'],
    ['LimitExceeded.Function', 69, 'A quota of the account is used up'],
    ['LimitExceeded.FunctionReservedConcurrencyMemory', 69, 'Lower one of the two'],
    ['FailedOperation.InsufficientBalance', 69, 'in arrears'],
    ['InvalidParameterValue.MemorySize', 78, 'does not take a value of serverless.yml'],
    ['InvalidParameterValue.EnvironmentExceededLimit', 78, '@config/'],
    ['ResourceInUse.Function', 75, 'It is there already'],
    ['UnsupportedRegion', 78, 'Check DLC_REGION and --region'],
    ['NeverHeardOf', 70, 'not known here'],
  ])('says what to do about %s', async (kind, exitCode, sentence) => {
    scf.faults.push({ action: 'CreateFunction', kind, message: 'in SCF’s words\u001b[2J' });
    const ran = await run(project, scf);
    expect(ran.exitCode).toBe(exitCode);
    expect(ran.messages).toContain(sentence);
    expect(ran.messages).toMatch(
      new RegExp(`CreateFunction failed: ${kind}, request [\\w-]+: in SCF’s words \\[2J$`, 'm'),
    );
  });

  it('says that nothing was done where SCF cannot be reached', async () => {
    const { endpoint } = await startScf().then(async (gone) => (await gone.close(), gone));
    const { exitCode, messages } = await run(project, { endpoint });
    expect(exitCode).toBe(69);
    expect(messages).toContain('GetFunction failed: no answer: ECONNREFUSED');
    expect(messages).toContain('SCF cannot be reached, so nothing was done.');
  });

  it('does not get in with another key', async () => {
    const { exitCode, messages } = await run(project, scf, {
      env: { TENCENTCLOUD_SECRET_KEY: 'another-key-of-somebody' },
    });
    expect([exitCode, messages]).toEqual([
      77,
      expect.stringContaining('AuthFailure.SignatureFailure'),
    ]);
  });
});

it('the deployer’s policy allows the actions that are used, and no others', () => {
  const { statement } = JSON.parse(readFileSync('deploy/cam-deployer-policy.json', 'utf8'));
  const [{ action }] = statement;
  expect(action).toEqual([...ACTIONS.map((name) => `scf:${name}`), 'cam:PassRole']);
});
