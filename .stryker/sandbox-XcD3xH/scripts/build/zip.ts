import { zipSync, type Zippable } from 'fflate';

/** One file of a zip. */
export interface ZipEntry {
  /** With `/` between folders, and none in front. */
  readonly name: string;
  readonly contents: Uint8Array;
  readonly executable?: boolean;
}

/** As a zip's "version made by" says it: the upper half of the attributes is a Unix mode. */
const UNIX = 3;
const REGULAR_FILE = 0o100000;

/** Read by or written for everybody, by its owner alone, and run where it has to be. */
export const modeOf = ({ executable }: ZipEntry): number => (executable ? 0o755 : 0o644);

/**
 * Makes a zip whose bytes depend on its files alone: sorted, with fixed modes, and with the first
 * time that a zip can hold. fflate deflates in JavaScript, so the bytes are the same on every version of Node.
 */
export function zip(entries: readonly ZipEntry[]): Uint8Array {
  // A zip has local time: made and read in the same zone, this is the same everywhere.
  const mtime = new Date(1980, 0, 1);
  const files: Zippable = {};
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const attrs = (REGULAR_FILE | modeOf(entry)) * 0x1_0000;
    files[entry.name] = [entry.contents, { level: 9, mtime, os: UNIX, attrs }];
  }
  return zipSync(files);
}
