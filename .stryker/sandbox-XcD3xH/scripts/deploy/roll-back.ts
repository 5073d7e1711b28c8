import { CommandError } from '../cli/command-line.ts';
import { EXIT } from '../cli/exit-codes.ts';
import type { Deployed } from './deploy-function.ts';
import { findUrl } from './function-url.ts';
import { publicUrl } from './requests.ts';
import { publishedVersions, serve, servedVersion } from './versions.ts';
import type { Run } from './wait.ts';

/**
 * Lets callers get the version that was published before the one that they get now. Code and
 * configuration go back together; nothing is uploaded. The next deployment goes on from there.
 *
 * @throws CommandError 65 where there is none
 */
export async function rollBack(run: Run): Promise<Deployed> {
  const { deployment } = run;
  const before = await servedVersion(run);
  if (before === undefined || !/^\d+$/.test(before)) {
    const what = `${deployment.url.qualifier} of ${deployment.name} is ${before ?? 'not there'}`;
    throw new CommandError(
      EXIT.data,
      `${what}, which is no published version: there is nothing to go back from.`,
    );
  }
  const versions = await publishedVersions(run);
  const previous = versions.find(
    ({ Version, Status }) => Number(Version) < Number(before) && !/Failed|ing$/.test(Status ?? ''),
  );
  if (!previous) {
    const todo = 'Deploy an older commit instead.';
    throw new CommandError(
      EXIT.data,
      `There is no version before ${before} of ${deployment.name}.\n${todo}`,
    );
  }
  await serve(run, previous.Version, before);
  return { version: previous.Version, before, url: publicUrl(await findUrl(run)) };
}
