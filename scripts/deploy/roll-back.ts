import { CommandError } from '../cli/command-line.ts';
import { EXIT } from '../cli/exit-codes.ts';
import { differences } from './changes.ts';
import type { Deployed } from './deploy-function.ts';
import { findUrl } from './function-url.ts';
import { publicUrl } from './requests.ts';
import { publishedVersions, serve, servedVersion } from './versions.ts';
import { settled, type Run } from './wait.ts';

/**
 * Lets callers get the version that was published before the one that they get now. Code and
 * configuration go back together; nothing is uploaded. The next deployment goes on from there.
 *
 * @param agree is given what will change, and throws if the user does not want it
 * @throws CommandError 65 where there is none
 */
export async function rollBack(
  run: Run,
  agree: (changes: readonly string[]) => Promise<void>,
): Promise<Deployed> {
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
  const version = previous.Version;
  const [from, to] = [await settled(run, { version: before }), await settled(run, { version })];
  await agree([
    `Callers of ${deployment.name} in ${deployment.region} go back from version ${before} to version ${version}.`,
    `Code, settings and packed lists go back together: a key, token or webhook secret that was removed or replaced after version ${version} is accepted again.`,
    ...differences(from ?? {}, to ?? {}),
  ]);
  await serve(run, version, before);
  return { version, before, url: publicUrl(await findUrl(run)) };
}
