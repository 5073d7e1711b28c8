import { setTimeout as sleep } from 'node:timers/promises';

import { command } from '../cli/command.ts';
import { matching } from '../cli/command-line.ts';
import { questioner } from '../cli/terminal.ts';
import type { DeployDeps } from '../deploy/deploy.ts';

const write = (stream: NodeJS.WriteStream) => (line: string) => void stream.write(`${line}\n`);

const THIS_MACHINE: DeployDeps = {
  env: process.env,
  waiting: { now: Date.now, sleep: (ms) => sleep(ms) },
  out: write(process.stdout),
  progress: write(process.stderr),
  confirm: questioner(),
};

/** @param deps what a deployment uses of this machine; a test brings its own */
export const deployWith = (deps: DeployDeps) =>
  command('deploy', {
    summary: 'Deploys what serverless.yml says to Tencent SCF.',
    details:
      'Builds, shows what will change and asks; then creates or updates the function, publishes a version, moves callers to it, opens the function URL, and asks it for /healthz and /readyz. A run that broke off is finished by the next. docs/deploy.md has every step.',
    examples: [
      '--dry-run',
      '',
      '--stage prod --region ap-singapore --yes',
      '--config serverless.event.yml',
      '--with-logs --dry-run',
      '--rollback',
    ],
    environment: [
      [
        'TENCENTCLOUD_SECRET_ID',
        'of the user who deploys; deploy/cam-deployer-policy.json is what that user needs',
      ],
      ['TENCENTCLOUD_SECRET_KEY', 'of the same user'],
      ['TENCENTCLOUD_SESSION_TOKEN', 'of temporary credentials'],
      [
        'SCF_ENDPOINT',
        'https://scf.tencentcloudapi.com; international accounts: https://scf.intl.tencentcloudapi.com; http: on loopback only',
      ],
      [
        'STAGE, DLC_REGION, SCF_ROLE',
        'and the settings of the gateway: all variables that serverless.yml names',
      ],
      [
        'CLS_LOGSET_ID, CLS_TOPIC_ID',
        'where the log goes: a topic of your own in CLS; both or none',
      ],
      ['CLS_NOTICE_ID', 'with --with-logs: the group of notices that alarms go to'],
      ['VPC_ID, SUBNET_ID', 'the network of a Redis with a private address; both or none'],
    ],
    exits: {
      done: 'deployed, and it serves; with --dry-run: it could be deployed',
      failed: 'asked whether to go on, you said no: nothing was done',
      data: 'a source or a file of config/ is wrong, or there is no version to go back to',
      noInput: 'serverless.yml or the package cannot be read',
      unavailable: 'SCF cannot be reached or has failed, or what was deployed does not serve',
      software: 'an answer that is not known, or a fault of the command itself',
      temporary: 'try again in a minute',
      protocol: 'SCF gave an address that is not used',
      permission: 'credentials, or a permission that they lack',
      config: 'a variable or serverless.yml is wrong; every reason is named',
    },
  })
    .option(
      '--dry-run',
      'prints the requests of a first deployment as JSON, secrets left out; sends nothing, needs no credentials and no network',
    )
    .option(
      '--rollback',
      'moves callers to the version published before the one that they get now; keys that were removed or replaced since come back with it',
    )
    .option(
      '--with-logs',
      'sets the index of the log topic up, and alarms, as deploy/cls.json says; deploy/cam-logs-policy.json is what that needs',
    )
    .option('--yes', 'does not ask whether to go on; needed where there is no terminal')
    .option(
      '--stage <name>',
      'in place of STAGE (default: dev)',
      matching(/^[a-z][a-z0-9-]{0,19}$/, '--stage must be 1 to 20 of a-z 0-9 -'),
    )
    .option(
      '--region <name>',
      'in place of the region in serverless.yml',
      matching(/^[a-z]{2,}(-[a-z0-9]+)+$/, '--region must be like ap-guangzhou'),
    )
    .option('--config <file>', 'such as serverless.event.yml', 'serverless.yml')
    .option('--no-build', 'deploys what dist/ holds already')
    .action(async (options) => {
      const work = await import('../deploy/deploy.ts');
      await work.deploy(options, deps);
    });

export const deploy = deployWith(THIS_MACHINE);
