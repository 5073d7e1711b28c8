import { command, silentLine } from '../cli/command.ts';

export const doctor = command('doctor', {
  summary: 'Checks a configuration without serving: the variables that the gateway would get.',
  details: `Settings, expiring API keys, what each entry may do, written-down secrets, credentials, the way to DLC, the clock, every allowed region, the permissions to call DescribeTasks and CancelTask, every issuer's keys, Redis. Each is one line: ok, warn, FAIL or skip, and what to do. No value of a secret is ever printed. A check takes 10 s at most.

Permissions are tried on a task that cannot exist, d0c70000-0000-0000-0000-00000000d0c7: DLC refuses it after it has checked the permission, and nothing is cancelled. It counts as one of the 20 cancellations a second, and stands in the account's audit log.`,
  examples: ['', '--no-cancel'],
  environment: [
    [
      'DLC_REGION, …',
      'the settings (docs/settings.md) and credentials that the gateway would have',
    ],
    ['NO_COLOR', 'no colours, on a terminal either'],
  ],
  exits: {
    done: 'nothing failed; else the first FAIL decides',
    unavailable: 'FAIL: DLC, an issuer or Redis cannot be reached',
    software: 'FAIL: an answer that is not known; or a fault of the command itself',
    machine: 'FAIL: the clock of this machine',
    temporary: 'FAIL: try again in a minute',
    permission: 'FAIL: credentials, or a permission that they lack',
    config: 'FAIL: settings',
  },
})
  .option(
    '--base <folder>',
    'what "@path" settings are relative to (default: dist/; in the package: this folder)',
  )
  .option('--no-cancel', 'does not call CancelTask; its permission stays unknown')
  .option(
    '--json',
    `{exitCode, findings: [{check, status, message, advice?, exitCode?}]}; start with ${silentLine('doctor', '--json')}`,
  )
  .action(async (options) => {
    const work = await import('../doctor/doctor.ts');
    process.exitCode = await work.doctor(options);
  });
