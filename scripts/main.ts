import { Command } from '@commander-js/extra-typings';

import { commandLine } from './cli/command.ts';
import { run } from './cli/run.ts';
import { budgets } from './commands/budgets.ts';
import { build } from './commands/build.ts';
import { check } from './commands/check.ts';
import { deploy } from './commands/deploy.ts';
import { doctor } from './commands/doctor.ts';
import { emulator } from './commands/emulator.ts';
import { explain } from './commands/explain.ts';
import { format } from './commands/format.ts';
import { key } from './commands/key.ts';
import { lint } from './commands/lint.ts';
import { pages } from './commands/pages.ts';
import { start } from './commands/start.ts';
import { token } from './commands/token.ts';
import { trace } from './commands/trace.ts';
import { typecheck } from './commands/typecheck.ts';
import { webhook } from './commands/webhook.ts';

const program = new Command('dlc-task-gateway')
  .description('Cancels Tencent Cloud DLC tasks for callers that must not hold cloud keys.')
  .helpOption('-h, --help', 'this text; after a command: its options, variables and exit codes')
  .helpCommand(false)
  .configureHelp({ commandUsage: () => commandLine('<command>', '[options]') })
  .exitOverride()
  .configureOutput({ writeErr: () => {} });
// `package.json` has a script of the same name for each: `npm run key` is `main.ts key`.
program.addCommand(start);
program.addCommand(emulator);
program.addCommand(key);
program.addCommand(token);
program.addCommand(webhook);
program.addCommand(doctor);
program.addCommand(explain);
program.addCommand(deploy);
program.addCommand(build);
program.addCommand(check);
program.addCommand(lint);
program.addCommand(format);
program.addCommand(typecheck);
program.addCommand(budgets);
program.addCommand(trace);
program.addCommand(pages);

await run(program);
