import { command } from '../cli/command.ts';

export const build = command('build', {
  summary: 'Makes dist/ of the sources, and prints what each file weighs.',
  details:
    'dist/ has function.js for SCF and Lambda, server.js for web functions and containers, what they load lazily, both packed for deployment, openapi.json, the licences, and a bill of materials. The same sources give the same files, to the byte.',
  examples: [''],
  environment: [
    [
      'API_KEYS, …',
      'settings (docs/settings.md) with @config/NAME.json: the build packs the files that they name',
    ],
  ],
  exits: { data: 'a source or a file of config/ is wrong; a secret in config/ too' },
}).action(async () => {
  const work = await import('../build.ts');
  await work.build();
});
