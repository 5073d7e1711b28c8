import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { makeProject, run } from '../scripts/deploy/support.ts';
import { commandsFor } from '../support/documented-commands.ts';
import { itWith, NEEDS_TOOLS } from '../support/needs.ts';
import { openShell, type Shell } from '../support/paste.ts';
import { SCF_CREDENTIALS, startScf, type ScfServer } from '../support/scf/server.ts';
import { makeWorkingCopy, type WorkingCopy } from '../support/working-copy.ts';

/** What the README and `docs/deploy.md` say about deploying, against the stand-ins for SCF and DLC. */

const commands = commandsFor('commands-deploy');
const GUIDE = 'docs/deploy.md';
const build = commands.block('README.md', 'npm ci && npm run build');
const CALLERS =
  'npm run key -- --id reporting --add-to config/api-keys.json   # shows the key, once';
const deploy = commands.block('README.md', CALLERS);
const lists = commands.block(GUIDE, CALLERS);
const stage = commands.block(
  GUIDE,
  'export DLC_REGION=ap-guangzhou       # of DLC, and of the function',
);
const back = commands.block(GUIDE, 'npm run deploy -- --rollback');
const aws = commands.block(
  GUIDE,
  'DLC_REGION=ap-guangzhou npx -y osls@4 package -c serverless.aws.yml   # `deploy` in place of `package` does it',
);
const doctor = commands.block(GUIDE, 'npm run doctor');
const doctorHere = commands.block(
  GUIDE,
  'DLC_ENDPOINT=http://127.0.0.1:9001 DLC_REGION=ap-guangzhou \\',
);

/** Nobody is there to be asked. */
const agreed = (block: string): string =>
  block.replaceAll(/^npm run deploy(?! -- --dry-run)( --)?/gm, 'npm run deploy -- --yes');

let copy: WorkingCopy;
let shell: Shell;
let scf: ScfServer;
beforeAll(async () => {
  copy = makeWorkingCopy();
  [shell, scf] = [await openShell(copy.folder), await startScf()];
  // Nothing to wait for.
  Object.assign(scf, { looks: 0 });
});
afterAll(async () => {
  await shell.close();
  await scf.close();
  copy.remove();
});

/** What was done by SCF, since it was last asked. */
const done = (): string[] =>
  scf.requests.splice(0).flatMap(({ action }) => (/^(Get|List)/.test(action) ? [] : [action]));
const { TENCENTCLOUD_SECRET_ID: id, TENCENTCLOUD_SECRET_KEY: key } = SCF_CREDENTIALS;

it('the build makes what the table of packages says', async () => {
  expect(await shell.run(build)).toMatchObject({ status: 0 });
  for (const name of ['function.zip', 'web.zip', 'server.js', 'sbom.json']) {
    expect(existsSync(path.join(copy.folder, 'dist', name))).toBe(true);
  }
});

it('lists of callers in files, which keep the entries before', async () => {
  expect(await shell.run(lists)).toMatchObject({ status: 0 });
  expect(await shell.run(lists)).toMatchObject({ status: 0 });
  const file = path.join(copy.folder, 'config/api-keys.json');
  expect(JSON.parse(readFileSync(file, 'utf8'))).toHaveLength(2);
});

it("the README's lines deploy, over an older version, and the guide's go back to it", async () => {
  const before = makeProject();
  await run(before, scf, { env: { SCF_ROLE: 'dlc-task-gateway' } });
  before.remove();
  done();
  const env = { ...SCF_CREDENTIALS, SCF_ENDPOINT: scf.endpoint };
  expect(await shell.run(deploy, env)).toMatchObject({ status: 64 });
  expect(done()).toEqual([]);
  expect(await shell.run(agreed(deploy), env)).toMatchObject({ status: 0 });
  const region = { DLC_REGION: 'ap-guangzhou' };
  expect(await shell.run(agreed(back), { ...env, ...region })).toMatchObject({ status: 0 });
  const [first, last] = [done(), scf.functions.get('dlc-task-gateway-dev')];
  expect(first).toContain('PublishVersion');
  expect(first.filter((action) => action === 'UpdateAlias')).toHaveLength(2);
  expect(last?.aliases.get('$DEFAULT')).toBe('1');
});

it('another stage, its callers in a file, step by step', async () => {
  const env = {
    SCF_ENDPOINT: scf.endpoint,
    TENCENTCLOUD_SESSION_TOKEN: SCF_CREDENTIALS.TENCENTCLOUD_SESSION_TOKEN,
  };
  const filledIn = stage.replace('_ID=…', `_ID=${id}`).replace('_KEY=…', `_KEY=${key}`);
  expect(await shell.run(agreed(filledIn), env)).toMatchObject({ status: 0 });
  expect(done()).toContain('CreateFunction');
  expect(scf.functions.get('dlc-task-gateway-prod')?.versions.size).toBe(1);
});

it('there is nothing to go back to behind the first version', async () => {
  const env = { ...SCF_CREDENTIALS, SCF_ENDPOINT: scf.endpoint, DLC_REGION: 'ap-guangzhou' };
  expect(await shell.run(agreed(back), env)).toMatchObject({ status: 65 });
  expect(done()).toEqual([]);
});

itWith([NEEDS_TOOLS], 'AWS', async () => {
  // Where only what needs other programs is run, nothing has been built yet.
  if (!existsSync(path.join(copy.folder, 'dist'))) await shell.run(build);
  expect(await shell.run(aws)).toMatchObject({ status: 0 });
  expect(existsSync(path.join(copy.folder, '.serverless'))).toBe(true);
});

it('the doctor, without settings and against the emulator', async () => {
  expect(await shell.run(doctor)).toMatchObject({ status: 78 });
  const emulator = await shell.start('npm run emulator', /SecretKey/);
  const found = await shell.run(doctorHere);
  await emulator.end();
  expect(found).toMatchObject({ status: 0 });
});

it('is all that is run here', () => commands.expectAllRun());
