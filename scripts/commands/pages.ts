import { command } from '../cli/command.ts';

export const pages = command('pages', {
  summary: 'Writes the pages of docs/ that are made from tables in src.',
  examples: ['', '--check'],
  exits: { failed: 'with --check: a page is not what would be written' },
})
  .option('--check', 'writes nothing, and fails if a page is not what would be written')
  .action(async (options) => {
    const { writePages } = await import('../pages/pages.ts');
    writePages(options);
  });
