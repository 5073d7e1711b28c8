import { command } from '../cli/command.ts';

export const budgets = command('budgets', {
  summary: 'Builds, and compares the build with its budgets.',
  details:
    'The budgets are for how much src has to be read, what the files weigh, what a cancellation loads, and what it allocates, which is the same in every run. If something is over its budget, the output names the module that grew since scripts/budgets/record.json.',
  examples: ['', '--write'],
  exits: {
    done: 'all is within its budget',
    failed: 'something is over its budget',
    data: 'a source or a file of config/ is wrong',
  },
})
  .option(
    '--write',
    'makes the present state the record, for this major version of Node; the limits in bytes stay',
  )
  .action(async ({ write = false }) => {
    const work = await import('../budgets.ts');
    process.exitCode = await work.budgets({ write });
  });
