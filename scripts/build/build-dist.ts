import { bundle } from './bundle.ts';
import { DIST } from '../places.ts';
import { CommandError } from '../cli/command-line.ts';
import { EXIT } from '../cli/exit-codes.ts';
import { makePackages } from './package.ts';
import { say } from '../cli/terminal.ts';

/**
 * Makes `dist/` of the sources, and says on stderr how far it is.
 *
 * @throws CommandError 65 if a source or a file of `config/` is wrong
 */
export async function buildDist(): Promise<void> {
  say('Building dist/ …');
  const metafile = await bundle(DIST).catch((error: unknown) => {
    if (!isBuildFailure(error)) throw error;
    const message = 'The sources cannot be bundled: what is wrong is above.';
    throw new CommandError(EXIT.data, message);
  });
  say('Packing it …');
  await makePackages(DIST, metafile);
}

/** esbuild has said itself, on stderr, what it does not like. */
function isBuildFailure(error: unknown): boolean {
  return error instanceof Error && 'errors' in error && Array.isArray(error.errors);
}
