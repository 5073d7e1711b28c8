import { command } from '../cli/command.ts';

export const typecheck = command('typecheck', {
  summary: 'Checks all types.',
  details: 'Nothing is written.',
  examples: [''],
  exits: { failed: 'a type is wrong; the output names it' },
}).action(async () => {
  const work = await import('../check.ts');
  process.exitCode = await work.runAlone('typecheck');
});
