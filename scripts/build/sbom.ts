import { createHash } from 'node:crypto';
import path from 'node:path';

import type { Metafile } from 'esbuild';

import { root } from '../places.ts';
import { importsOf, readObject, type BundledPackage } from './bundled-packages.ts';

/**
 * Gives the bill of materials of what is shipped, in CycloneDX 1.6. It depends on what is shipped alone: no time is in it,
 * and its serial number is the digest of the rest (RFC 9562, version 8).
 *
 * @param files what is shipped, by name
 * @param metafile which packages the project's own code imports
 */
export function toSbom(
  files: Readonly<Record<string, Uint8Array>>,
  metafile: Metafile,
  packages: readonly BundledPackage[],
): string {
  const product = readObject(path.join(root, 'package.json'));
  const [name, version] = [String(product['name']), String(product['version'])];
  const refs = new Map(packages.map((one) => [one.folder, purlOf(one)]));
  const toRefs = (folders: readonly string[]): string[] =>
    folders.flatMap((folder) => refs.get(folder) ?? []);
  const ref = `${name}@${version}`;
  const content = {
    metadata: {
      lifecycles: [{ phase: 'build' }],
      component: {
        type: 'application',
        'bom-ref': ref,
        name,
        version,
        licenses: licensesOf(String(product['license'])),
        components: Object.entries(files).map(toFile),
      },
    },
    components: packages.map(toComponent),
    dependencies: [
      { ref, dependsOn: toRefs(importsOf(metafile, undefined)) },
      ...packages.map((one) => ({ ref: purlOf(one), dependsOn: toRefs(one.imports) })),
    ],
  };
  const head = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${uuidOf(JSON.stringify(content))}`,
    version: 1,
  };
  return `${JSON.stringify({ ...head, ...content }, undefined, 2)}\n`;
}

function toFile([name, contents]: [string, Uint8Array]): object {
  const hashes = [{ alg: 'SHA-256', content: hashOf(contents) }];
  return { type: 'file', 'bom-ref': `file:${name}`, name, hashes };
}

function toComponent(one: BundledPackage): object {
  const [group, name] = one.name.startsWith('@') ? one.name.split('/') : [undefined, one.name];
  return {
    type: 'library',
    'bom-ref': purlOf(one),
    ...(group !== undefined && { group }),
    name,
    version: one.version,
    hashes: [{ alg: 'SHA-512', content: toHex(one.integrity) }],
    licenses: licensesOf(one.license),
    purl: purlOf(one),
  };
}

/** https://github.com/package-url/purl-spec: the `@` of a scope is encoded. */
function purlOf({ name, version }: BundledPackage): string {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`;
}

function licensesOf(license: string): object[] {
  return /[ ()]/.test(license) ? [{ expression: license }] : [{ license: { id: license } }];
}

function toHex(integrity: string): string {
  return Buffer.from(integrity.replace(/^sha512-/, ''), 'base64').toString('hex');
}

function hashOf(contents: string | Uint8Array): string {
  return createHash('sha256').update(contents).digest('hex');
}

function uuidOf(content: string): string {
  const hex = hashOf(content);
  const variant = '89ab'[Number.parseInt(hex.charAt(16), 16) % 4];
  const [a, b, c, d] = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(13, 16), hex.slice(17, 20)];
  return `${a}-${b}-8${c}-${variant}${d}-${hex.slice(20, 32)}`;
}
