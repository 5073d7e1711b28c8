import { gzipSync } from 'fflate';

import { modeOf, type ZipEntry } from './zip.ts';

/** The time that npm gives every file of a package. */
const MTIME = new Date('1985-10-26T08:15:00Z').getTime() / 1000;
const BLOCK = 512;

/**
 * Makes what `npm pack` makes, but of the files' contents alone: npm keeps the modes of this machine, and Node's gzip differs
 * between versions.
 *
 * @param files with names of at most 92 bytes
 */
export function tarball(files: readonly ZipEntry[]): Uint8Array {
  const blocks = files
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((file) => [
      headerOf(file),
      file.contents,
      Buffer.alloc(-file.contents.length & (BLOCK - 1)),
    ]);
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]), { level: 9, mtime: 0 });
}

/** A header of ustar (POSIX.1-1988): numbers are octal texts. */
function headerOf(file: ZipEntry): Buffer {
  const header = Buffer.alloc(BLOCK);
  const write = (at: number, text: string): void => void header.write(text, at, 'latin1');
  const octal = (at: number, digits: number, value: number): void =>
    write(at, value.toString(8).padStart(digits, '0'));
  write(0, `package/${file.name}`);
  octal(100, 7, modeOf(file));
  octal(124, 11, file.contents.length);
  octal(136, 11, MTIME);
  write(148, ' '.repeat(8));
  write(156, '0');
  write(257, 'ustar\u000000');
  const sum = header.reduce((total, byte) => total + byte, 0);
  octal(148, 6, sum);
  write(154, '\u0000');
  return header;
}
