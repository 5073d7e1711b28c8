import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { projectRoot } from './checkout.ts';

/** The project's documents, as far as tests read them: fenced blocks, headings, links. */

/** Not ours, or made by a command. */
const PASSED_OVER = /^(\..*|node_modules|dist|coverage)$/;

/** Every Markdown file, by its path from the root. */
export const DOCUMENTS: readonly string[] = markdownIn('').toSorted();

function markdownIn(folder: string): string[] {
  const entries = readdirSync(path.join(projectRoot, folder), { withFileTypes: true });
  return entries.flatMap((entry) => {
    const name = path.posix.join(folder, entry.name);
    if (PASSED_OVER.test(entry.name)) return [];
    if (entry.isDirectory()) return markdownIn(name);
    return name.endsWith('.md') ? [name] : [];
  });
}

/** What a page in Chinese is a translation of; nothing for a page in English. */
export function originalOf(file: string): string | undefined {
  if (file === 'README.zh-CN.md') return 'README.md';
  if (file === 'docs/playground.zh-CN.png') return 'docs/playground.png';
  return file.startsWith('docs/zh-CN/') ? file.replace('zh-CN/', '') : undefined;
}

export interface Block {
  readonly language: string;
  readonly text: string;
  /** Of the section that it stands in. */
  readonly heading: string;
}

export interface Document {
  readonly text: string;
  readonly blocks: readonly Block[];
  /** What is not in fenced blocks. */
  readonly prose: string;
  readonly headings: readonly string[];
}

export function readDocument(file: string): Document {
  const text = readFileSync(path.join(projectRoot, file), 'utf8');
  const blocks: Block[] = [];
  const prose: string[] = [];
  const headings: string[] = [];
  let open: { language: string; lines: string[] } | undefined;
  for (const line of text.split('\n')) {
    const fence = /^```(\w*)$/.exec(line);
    if (open && fence) {
      const { language, lines } = open;
      blocks.push({ language, text: lines.join('\n'), heading: headings.at(-1) ?? '' });
      open = undefined;
    } else if (open) open.lines.push(line);
    else if (fence) open = { language: fence[1] ?? '', lines: [] };
    else {
      prose.push(line);
      const [, heading] = /^#{1,6} (.+)$/.exec(line) ?? [];
      if (heading !== undefined) headings.push(heading);
    }
  }
  if (open) throw new Error(`${file}: a block has no end`);
  return { text, blocks, prose: prose.join('\n'), headings };
}

/** Where a heading is found: https://github.com/gjtorikian/html-pipeline, TableOfContentsFilter. */
export function anchorsOf(headings: readonly string[]): string[] {
  const seen = new Map<string, number>();
  return headings.map((heading) => {
    const shown = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1');
    const slug = shown
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\p{M}\p{Pc} -]/gu, '')
      .replaceAll(' ', '-');
    const before = seen.get(slug) ?? 0;
    seen.set(slug, before + 1);
    return before === 0 ? slug : `${slug}-${before}`;
  });
}
