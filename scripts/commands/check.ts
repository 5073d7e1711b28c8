import { command } from '../cli/command.ts';

export const check = command('check', {
  summary: 'Checks everything that has to hold before a change lands.',
  details:
    "Format, lint, types, dead code, build, the OpenAPI document, tests with coverage, and the budgets: all of it runs, then the last line says what failed. Takes some minutes; installs the checkers into tools/ first, and the benchmark's peers.",
  examples: ['', '--no-tests'],
  environment: [
    ['NO_COLOR', 'no colours, on a terminal either'],
    ['PATH', 'tests that need redis-server or chromium are skipped if it has none'],
  ],
  exits: { done: 'all holds', failed: 'something does not hold; the last line names it' },
})
  .option('--no-tests', 'leaves the tests out')
  .action(async ({ tests }) => {
    const work = await import('../check.ts');
    process.exitCode = await work.check({ tests });
  });
