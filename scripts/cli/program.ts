import { Command } from '@commander-js/extra-typings';

import { deploy } from '../commands/deploy.ts';
import { doctor } from '../commands/doctor.ts';
import { emulator } from '../commands/emulator.ts';
import { explain } from '../commands/explain.ts';
import { key } from '../commands/key.ts';
import { serve } from '../commands/serve.ts';
import { start } from '../commands/start.ts';
import { token } from '../commands/token.ts';
import { webhook } from '../commands/webhook.ts';
import { version } from '../places.ts';
import { commandLine } from './command.ts';

/** The commands of the package; in a checkout, `main.ts` adds those that need the sources. */
export function createProgram() {
  const program = new Command('dlc-task-gateway')
    .description('Cancels Tencent Cloud DLC tasks for callers that must not hold cloud keys.')
    .helpOption('-h, --help', 'this text; after a command: its options, variables and exit codes')
    .version(version, '-V, --version', 'the version of the gateway')
    .helpCommand(false)
    .configureHelp({ commandUsage: () => commandLine('<command>', '[options]') })
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  // `package.json` has a script of the same name for each: `npm run key` is `main.ts key`.
  program.addCommand(start);
  program.addCommand(serve);
  program.addCommand(emulator);
  program.addCommand(key);
  program.addCommand(token);
  program.addCommand(webhook);
  program.addCommand(doctor);
  program.addCommand(explain);
  program.addCommand(deploy);
  return program;
}
