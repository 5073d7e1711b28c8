import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

import { loadSettings } from '../../src/settings.ts';
import { filesIn, projectRoot } from '../support/checkout.ts';
import { built } from '../support/built.ts';
import { functionSettings } from '../support/settings-table.ts';
import { TOOLS } from '../support/tools.ts';
import { describeWith, NEEDS_TOOLS } from '../support/needs.ts';

/** serverless.aws.yml, packaged by osls, which needs no account and no network for it. */

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'dlc-aws-'));
  mkdirSync(path.join(folder, 'dist'));
  cpSync(path.join(await built(), 'function.zip'), path.join(folder, 'dist', 'function.zip'));
  cpSync(path.join(projectRoot, 'deploy'), path.join(folder, 'deploy'), { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true }));

const CLOUD = {
  TENCENTCLOUD_SECRETID: 'AKIDPLANTEDINTHESHELL',
  TENCENTCLOUD_SECRETKEY: 'planted-secret-key',
};

interface Resource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
}

/** The resources that CloudFormation would be given. */
async function resources(
  env: Record<string, string>,
  change = (text: string): string => text,
): Promise<Record<string, Resource>> {
  const text = readFileSync(path.join(projectRoot, 'serverless.aws.yml'), 'utf8');
  writeFileSync(path.join(folder, 'serverless.aws.yml'), change(text));
  const osls = path.join(TOOLS, 'osls', 'bin', 'serverless.js');
  const args = [osls, 'package', '-c', 'serverless.aws.yml', '--package', 'out'];
  await promisify(execFile)(process.execPath, args, {
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: folder, ...CLOUD, ...env },
  });
  const template = 'out/cloudformation-template-update-stack.json';
  return JSON.parse(readFileSync(path.join(folder, template), 'utf8')).Resources;
}

describeWith([NEEDS_TOOLS], 'what is deployed to Lambda', () => {
  /** If only the region is set. */
  let plain: Record<string, Resource>;
  beforeAll(async () => {
    plain = await resources({ DLC_REGION: 'ap-guangzhou' });
  });

  it('is the zip, with every setting, a bound and a URL', async () => {
    const settings = Object.fromEntries(
      functionSettings('aws').map((name) => [
        name,
        name === 'EXPECTED_INSTANCES' ? '3' : `is ${name}`,
      ]),
    );
    const { GatewayLambdaFunction: fn, GatewayLambdaFunctionUrl: url } = await resources(settings);
    expect(fn?.Properties).toMatchObject({
      Handler: 'function.handler',
      Runtime: 'nodejs24.x',
      Timeout: 15,
      ReservedConcurrentExecutions: 3,
      Environment: { Variables: settings },
    });
    expect(url?.Properties).toMatchObject({ AuthType: 'NONE' });
    expect(url?.Properties).not.toHaveProperty('Cors');
  });

  it('has one instance and the defaults, where only the region is set', () => {
    const { GatewayLambdaFunction: fn } = plain;
    const { Environment, ReservedConcurrentExecutions } = Object(fn?.Properties);
    expect(ReservedConcurrentExecutions).toBe(1);
    const set = Object.entries(Environment.Variables).filter(([, value]) => value !== '');
    // No default of osls is `null`: serverless-offline passes the text "null" on to the function.
    expect(set.map(([name]) => name)).toEqual([
      'DLC_REGION',
      'TENCENTCLOUD_SECRETID',
      'TENCENTCLOUD_SECRETKEY',
    ]);
  });

  it('gives the gateway its defaults for what is empty', () => {
    const { Environment } = Object(plain['GatewayLambdaFunction']?.Properties);
    expect(Object.values(Environment.Variables)).not.toContain('null');
    const entry = { id: 'a', sha256: 'b'.repeat(64), scopes: ['tasks:cancel'] };
    // CloudFormation fills these in.
    const filledIn = { TENCENTCLOUD_SECRETID: 'AKIDa', TENCENTCLOUD_SECRETKEY: 'of a test' };
    const env = { ...Environment.Variables, ...filledIn, API_KEYS: JSON.stringify([entry]) };
    expect(loadSettings(env, '/')).toMatchObject({ redis: undefined, expectedInstances: 1 });
  });

  it('may write its own log, and nothing else', () => {
    const roles = Object.values(plain).filter(({ Type }) => Type.startsWith('AWS::IAM::'));
    const read = (name: string): unknown =>
      JSON.parse(readFileSync(path.join(projectRoot, 'deploy', name), 'utf8'));
    expect(roles.map(({ Properties }) => Properties)).toEqual([
      {
        AssumeRolePolicyDocument: read('aws-role-trust.json'),
        Policies: [{ PolicyName: 'logs', PolicyDocument: read('aws-role-policy.json') }],
      },
    ]);
    const { LogGroupName } = Object(plain['GatewayLogGroup']?.Properties);
    expect(LogGroupName).toMatch(/^\/aws\/lambda\/dlc-task-gateway-/);
  });

  it('holds no secret: CloudFormation fetches them itself', () => {
    for (const [name, contents] of filesIn(folder)) {
      for (const secret of Object.values(CLOUD)) {
        expect([name, contents.includes(secret)]).toEqual([name, false]);
      }
    }
  });

  // After the test above, since it leaves the credentials in the folder.
  it('takes the credentials of the shell on the stage "offline" alone', async () => {
    const { GatewayLambdaFunction: fn } = await resources({ DLC_REGION: 'x', STAGE: 'offline' });
    expect(fn?.Properties).toMatchObject({ Environment: { Variables: CLOUD } });
  });

  it('is refused where the file is wrong, and where the region is missing', async () => {
    const misspelt = (text: string): string => text.replace('memorySize:', 'memorysize:');
    await expect(resources({ DLC_REGION: 'x' }, misspelt)).rejects.toMatchObject({ code: 1 });
    await expect(resources({})).rejects.toMatchObject({ code: 1 });
  });
});
