import { chmod, mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** Puts a whole file in place at once: somebody may be loading the one that is there. */
export async function replace(
  file: string,
  contents: string | Uint8Array,
  mode = 0o644,
): Promise<void> {
  const temporary = `${file}.${process.pid}.tmp`;
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(temporary, contents);
  await chmod(temporary, mode);
  await rename(temporary, file);
}
