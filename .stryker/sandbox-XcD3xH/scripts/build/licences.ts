import type { BundledPackage } from './bundled-packages.ts';

const RULE = '-'.repeat(80);

/** The text of `THIRD-PARTY-LICENSES.txt`: every package that is in the bundles, with its licence. */
export function toLicences(packages: readonly BundledPackage[]): string {
  const intro =
    'The bundles of dlc-task-gateway contain code of the packages below, each under its own licence.\n';
  const parts = packages.map(
    ({ name, version, license, text }) => `${RULE}\n${name} ${version} (${license})\n\n${text}`,
  );
  return [intro, ...parts].join('\n');
}
