import { Option } from '@commander-js/extra-typings';

import { command, silentLine } from '../cli/command.ts';
import { matching } from '../cli/command-line.ts';

export const explain = command('explain', {
  summary: 'Says what the gateway would decide about a token or an API key and a task, and why.',
  details: `Reads the token or key from stdin and runs the code that serves, with the settings of the environment: issuer, claims, grants, engine, owner, step by step. It cancels nothing, and looks at no quota and no rate. DLC is asked for the task only if an engine or an owner decides, and not with --engine or --owner.`,
  examples: ['--task 1f81eb52-5198-4599-803e-771906343485 < token.txt'],
  environment: [
    ['DLC_REGION, …', 'the settings (docs/settings.md) and credentials of the gateway'],
  ],
  exits: {
    done: 'it would allow it',
    failed: 'it would refuse it',
    config: 'wrong settings',
  },
})
  .requiredOption(
    '--task <id>',
    'the task',
    matching(/^[A-Za-z0-9_-]{1,128}$/, '--task must be 1 to 128 of A-Z a-z 0-9 _ -'),
  )
  .option('--region <name>', 'where it is (default: DLC_REGION)')
  .addOption(
    new Option('--action <action>', 'what is to be done')
      .choices(['cancel', 'read'] as const)
      .default('cancel' as const),
  )
  .option('--engine <name...>', 'assumes that it runs on this engine; again for its id')
  .option('--owner <uin>', "assumes that it is this account's")
  .option(
    '--base <folder>',
    'what "@path" settings are relative to (default: dist/; in the package: this folder)',
  )
  .option('--json', `{"decision", "steps"} for programs; start with ${silentLine('explain', '…')}`)
  .action(async (options) => {
    const work = await import('../callers/explain.ts');
    process.exitCode = await work.explain(options);
  });
