import { command } from '../cli/command.ts';

export const lint = command('lint', {
  summary: 'Lints all sources.',
  details: 'Installs the checkers into tools/ if they are not there.',
  examples: [''],
  exits: { failed: 'something does not hold; the output names it' },
}).action(async () => {
  const work = await import('../check.ts');
  process.exitCode = await work.runAlone('lint');
});
