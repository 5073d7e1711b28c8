import { command } from '../cli/command.ts';
import { matching } from '../cli/command-line.ts';

export const release = command('release', {
  summary:
    'Makes a release in dist/release/: the package, both zips, bills of materials, SHA256SUMS.',
  details:
    'Checks that every file names the same version, and that it is the newest one of CHANGELOG.md. The same sources give the same files, to the byte, on every machine.',
  examples: ['', '0.3.0'],
  exits: {
    data: 'a version is not the same everywhere, or a source or a file of config/ is wrong',
  },
})
  .argument(
    '[version]',
    'is first written into every file, and in CHANGELOG.md, with the day, in the place of "Unreleased"',
    matching(/^\d+\.\d+\.\d+(-[0-9a-z.]+)?$/, 'a version is like 0.3.0'),
  )
  .action(async (version) => {
    const work = await import('../release.ts');
    await work.release(version);
  });
