import { unzipSync } from 'fflate';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** A zip as others read it: by its central directory (APPNOTE 4.3.12). */
export interface ZipMember {
  readonly name: string;
  /** Of a Unix file: its type and its permissions. */
  readonly mode: number;
  /** The date and the time, as DOS had them. */
  readonly time: number;
}

const MEMBER = 0x02014b50;
const END = 0x06054b50;

export function membersOf(zip: Buffer): ZipMember[] {
  const end = zip.length - 22;
  if (zip.readUInt32LE(end) !== END) throw new Error('no end of the central directory');
  const members: ZipMember[] = [];
  let at = zip.readUInt32LE(end + 16);
  while (at < end) {
    if (zip.readUInt32LE(at) !== MEMBER) throw new Error(`no member at ${at}`);
    const [name, extra, comment] = [28, 30, 32].map((offset) => zip.readUInt16LE(at + offset));
    members.push({
      name: zip.toString('utf8', at + 46, at + 46 + Number(name)),
      mode: zip.readUInt16LE(at + 40),
      time: zip.readUInt32LE(at + 12),
    });
    at += 46 + Number(name) + Number(extra) + Number(comment);
  }
  return members;
}

/** Unpacks a zip, with the modes that it says. */
export function unpack(zip: Buffer, folder: string): void {
  const contents = unzipSync(zip);
  for (const { name, mode } of membersOf(zip)) {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, contents[name] ?? '', { mode: mode & 0o777 });
  }
}
