import { createProgram } from './cli/program.ts';
import { run } from './cli/run.ts';
import { budgets } from './commands/budgets.ts';
import { build } from './commands/build.ts';
import { check } from './commands/check.ts';
import { format } from './commands/format.ts';
import { lint } from './commands/lint.ts';
import { pages } from './commands/pages.ts';
import { release } from './commands/release.ts';
import { trace } from './commands/trace.ts';
import { typecheck } from './commands/typecheck.ts';

const program = createProgram();
program.addCommand(build);
program.addCommand(check);
program.addCommand(lint);
program.addCommand(format);
program.addCommand(typecheck);
program.addCommand(budgets);
program.addCommand(trace);
program.addCommand(pages);
program.addCommand(release);

await run(program);
