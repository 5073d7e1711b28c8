import { command } from '../cli/command.ts';

export const format = command('format', {
  summary: 'Formats all sources.',
  details: 'Installs the checkers into tools/ if they are not there.',
  examples: ['', '--check'],
  exits: { failed: 'with --check: a file is not formatted; the output names it' },
})
  .option('--check', 'writes nothing, and fails if a file is not formatted')
  .action(async ({ check }) => {
    const work = await import('../check.ts');
    process.exitCode = await work.runAlone(check ? 'format --check' : 'format');
  });
