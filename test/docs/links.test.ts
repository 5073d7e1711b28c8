import { describe, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import path from 'node:path';

import { projectRoot } from '../support/checkout.ts';
import { anchorsOf, DOCUMENTS, readDocument } from '../support/documents.ts';

/** Nobody who follows a link, or looks for a file that is named, finds nothing. */

const withoutCode = (prose: string): string => prose.replaceAll(/`[^`\n]*`/g, '``');

/** The targets of a document's links and pictures. */
function linksOf(file: string): string[] {
  const prose = withoutCode(readDocument(file).prose);
  const inline = [...prose.matchAll(/\]\(([^()\s]*(?:\([^()\s]*\)[^()\s]*)*)\)/g)];
  const automatic = [...prose.matchAll(/<(https?:[^>\s]*)>/g)];
  return [...inline, ...automatic].map(([, target = '']) => target);
}

/** Why a link leads nowhere; nothing where it leads somewhere. */
function faultOf(file: string, link: string): string | undefined {
  if (/^[a-z]+:/.test(link)) {
    const isOurs = /^http:\/\/127\.0\.0\.1:(900[012]|8080)(\/|$)/.test(link);
    return isOurs || (link.startsWith('https://') && URL.canParse(link)) ? undefined : 'not https';
  }
  const [pathname = '', anchor] = link.split('#');
  const target = pathname === '' ? file : path.posix.join(path.posix.dirname(file), pathname);
  if (!existsSync(path.join(projectRoot, target))) return 'no such file';
  if (anchor === undefined) return undefined;
  return anchorsOf(readDocument(target).headings).includes(anchor) ? undefined : 'no such heading';
}

/** Written by others, of another project. */
const OTHERS = new Set(['test/fixtures/jose/README.md']);
const OURS = DOCUMENTS.filter((file) => !OTHERS.has(file));

describe.each(OURS)('%s', (file) => {
  it('has links that lead somewhere', () => {
    const faults = linksOf(file).flatMap((link) => {
      const fault = faultOf(file, link);
      return fault === undefined ? [] : [`${link}: ${fault}`];
    });
    expect(faults).toEqual([]);
  });

  it('names files that are there', () => {
    const { prose } = readDocument(file);
    const there = (name: string): boolean => existsSync(path.join(projectRoot, name));
    const named = [...prose.matchAll(/`((?:\.?[\w-]+\/)+[\w.-]*)`/g)].map(([, name = '']) => name);
    // Made by a command or, in CONTRIBUTING, by its reader: nobody has them after a clone.
    const made = (name: string): boolean =>
      /^(dist\/|bench\/peers\/\.build\/)|\/list-regions\./.test(name);
    const ours = named.filter((name) => there(name.split('/')[0] ?? ''));
    expect(ours.filter((name) => !there(name) && !made(name))).toEqual([]);
  });
});

it('a link that leads nowhere is found', () => {
  expect(linksOf('README.md').length).toBeGreaterThan(20);
  expect(faultOf('README.md', 'docs/nothing.md')).toBe('no such file');
  expect(faultOf('docs/deploy.md', 'README.md#documents')).toBeUndefined();
  expect(faultOf('docs/deploy.md', '#nothing')).toBe('no such heading');
  expect(faultOf('README.md', 'http://example.org')).toBe('not https');
});

it('anchors are made as GitHub makes them', () => {
  expect(
    anchorsOf(['503 `auth-provider-unavailable`', '"Was it?"', 'A [b](c), d', 'Twice', 'Twice']),
  ).toEqual(['503-auth-provider-unavailable', 'was-it', 'a-b-d', 'twice', 'twice-1']);
});
