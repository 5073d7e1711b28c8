import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { built } from '../support/built.ts';
import { itWith, NEEDS_TOOLS } from '../support/needs.ts';
import { requireTool, TOOLS } from '../support/tools.ts';
import { projectRoot } from '../support/checkout.ts';

interface Sbom {
  readonly serialNumber: string;
  readonly metadata: { readonly component: { readonly components: readonly FileOfSbom[] } };
  readonly components: readonly {
    readonly group?: string;
    readonly name: string;
    readonly version: string;
    readonly purl: string;
    readonly licenses: readonly { license: { id: string } }[];
    readonly hashes: readonly { alg: string; content: string }[];
  }[];
  readonly dependencies: readonly { ref: string; dependsOn: readonly string[] }[];
}

interface FileOfSbom {
  readonly name: string;
  readonly hashes: readonly { alg: string; content: string }[];
}

const read = async (name: string): Promise<Buffer> => readFileSync(path.join(await built(), name));
const sbom = async (): Promise<Sbom> => JSON.parse((await read('sbom.json')).toString());

type Validate = ((value: unknown) => boolean) & { readonly errors?: unknown };

/** The official schema, as the CycloneDX project's own library has it. */
function validator(): Validate {
  const load = (name: string): unknown =>
    JSON.parse(
      readFileSync(path.join(TOOLS, '@cyclonedx/cyclonedx-library/res/schema', name), 'utf8'),
    );
  const { default: Ajv } = Object(requireTool('ajv'));
  const { default: addFormats } = Object(requireTool('ajv-formats'));
  const ajv = new Ajv({ strict: false });
  addFormats(ajv);
  // What ajv-formats does not know.
  for (const name of ['iri-reference', 'idn-email']) ajv.addFormat(name, true);
  // The library's copies refer to each other by their file names.
  for (const name of ['spdx.SNAPSHOT.schema.json', 'jsf-0.82.SNAPSHOT.schema.json']) {
    ajv.addSchema(
      Object.assign(Object(load(name)), { $id: `http://cyclonedx.org/schema/${name}` }),
    );
  }
  return ajv.compile(load('bom-1.6.SNAPSHOT.schema.json'));
}

describe('sbom.json', () => {
  itWith([NEEDS_TOOLS], 'is CycloneDX 1.6', async () => {
    const validate = validator();
    expect([validate(await sbom()), validate.errors]).toEqual([true, null]);
    expect(validate({ ...(await sbom()), specVersion: 16 })).toBe(false);
    expect(validate({ ...(await sbom()), components: [{ name: 'no type' }] })).toBe(false);
  });

  it('has the digests of the zips beside it', async () => {
    const { metadata } = await sbom();
    const names = metadata.component.components.map(({ name }) => name);
    expect(names).toEqual(['function.zip', 'web.zip']);
    for (const { name, hashes } of metadata.component.components) {
      const content = createHash('sha256')
        .update(await read(name))
        .digest('hex');
      expect(hashes).toEqual([{ alg: 'SHA-256', content }]);
    }
  });

  it('names the packages as the lock file does, each with its licence', async () => {
    const { components, dependencies } = await sbom();
    const lock = JSON.parse(readFileSync(path.join(projectRoot, 'package-lock.json'), 'utf8'));
    for (const { group, name, version, purl, hashes, licenses } of components) {
      const full = group === undefined ? name : `${group}/${name}`;
      const locked = lock.packages[`node_modules/${full}`];
      const digest = Buffer.from(hashes[0]?.content ?? '', 'hex').toString('base64');
      expect({ version, integrity: `sha512-${digest}`, license: licenses[0]?.license.id }).toEqual({
        version: locked.version,
        integrity: locked.integrity,
        license: locked.license,
      });
      expect(purl).toBe(`pkg:npm/${full.replace('@', '%40')}@${version}`);
    }
    const refs = new Set(components.map(({ purl }) => purl));
    const [root, ...others] = dependencies;
    expect(others.map(({ ref }) => ref)).toEqual([...refs]);
    expect(root?.dependsOn.length).toBeGreaterThan(3);
    expect(
      dependencies.flatMap(({ dependsOn }) => dependsOn).filter((ref) => !refs.has(ref)),
    ).toEqual([]);
  });

  it('names the packages whose code is in the source maps, and no others', async () => {
    const { components } = await sbom();
    const maps = await Promise.all(['function.js.map', 'server.js.map'].map(read));
    const inMaps = maps.flatMap((map) => {
      const { sources }: { sources: string[] } = JSON.parse(map.toString());
      return sources.flatMap((file) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? []);
    });
    const named = components.map(({ group, name }) => (group ? `${group}/${name}` : name));
    // Redis is a bundle of its own, which only some checkouts have.
    expect(named).toEqual(expect.arrayContaining([...new Set(inMaps)]));
    expect(new Set(inMaps)).toEqual(new Set(named.filter((name) => inMaps.includes(name))));
  });

  it('and THIRD-PARTY-LICENSES.txt agree', async () => {
    const licences = (await read('THIRD-PARTY-LICENSES.txt')).toString();
    const headings = licences
      .split(/^-{80}\n/m)
      .slice(1)
      .map((part) => part.split('\n', 1)[0]);
    const { components } = await sbom();
    expect(headings).toEqual(
      components.map(({ group, name, version, licenses }) => {
        const full = group === undefined ? name : `${group}/${name}`;
        return `${full} ${version} (${licenses[0]?.license.id})`;
      }),
    );
    expect(licences.match(/copyright/gi)?.length).toBeGreaterThan(components.length);
  });
});
