import { hierarchy, treemap, treemapSquarify, type HierarchyRectangularNode } from 'd3-hierarchy';

import type { Weights } from '../scripts/budgets/weigh.ts';

/** A bundle as a treemap: every module as large as its bytes are many, of one package or room in one colour. */

interface Part {
  readonly name: string;
  readonly bytes?: number;
  readonly children?: readonly Part[];
}

const SIZE = { width: 960, height: 560, header: 18 } as const;

const STYLE = `<style>
  text { font: 11px system-ui, sans-serif; fill: #fff; pointer-events: none } .room text { font-weight: 600 }
  rect { stroke: #fff; stroke-width: .6 } .ours { fill: #1769aa } .theirs { fill: #7a5230 } .room rect { fill-opacity: .55 }
  .back { fill: #fff; stroke: none }
  @media (prefers-color-scheme: dark) { .back { fill: #161616 } rect { stroke: #161616 } .room rect { fill-opacity: .7 } }
</style>`;

/** @param bytes of each source of the bundle, by its path from the project's folder */
export function treemapSvg(title: string, bytes: Weights): string {
  const root = hierarchy<Part>({ name: title, children: roomsOf(bytes) })
    .sum(({ bytes: own = 0 }) => own)
    // oxlint-disable-next-line unicorn/no-array-sort -- of d3's hierarchy, which has no toSorted
    .sort((a, b) => (b.value ?? 0) - (a.value ?? 0));
  const laidOut = treemap<Part>()
    .size([SIZE.width, SIZE.height])
    .tile(treemapSquarify)
    .paddingInner(1)
    .paddingTop(({ depth }) => (depth === 1 ? SIZE.header : 0))
    .round(true)(root);
  const cells = laidOut
    .descendants()
    .filter(({ depth }) => depth > 0)
    .map(cell);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SIZE.width} ${SIZE.height}" role="img" aria-label="${escape(title)}">
<title>${escape(title)}</title>
${STYLE}
<rect class="back" width="100%" height="100%"/>
${cells.join('\n')}
</svg>
`;
}

/** Packages by their names, our files by their folders. */
function roomsOf(bytes: Weights): Part[] {
  const rooms = new Map<string, Part[]>();
  for (const [source, own] of Object.entries(bytes)) {
    const [, name, inside] = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\/(.+)$/.exec(source) ?? [];
    const slash = source.lastIndexOf('/');
    const room = name ?? source.slice(0, slash);
    const file = inside ?? source.slice(slash + 1);
    rooms.set(room, [...(rooms.get(room) ?? []), { name: file, bytes: own }]);
  }
  return [...rooms].map(([name, children]) => ({ name, children }));
}

function cell({
  x0,
  x1,
  y0,
  y1,
  depth,
  data,
  value = 0,
  parent,
}: HierarchyRectangularNode<Part>): string {
  const [width, height] = [x1 - x0, y1 - y0];
  const room = depth === 1 ? data.name : (parent?.data.name ?? '');
  const kind = /^(src|scripts)\b/.test(room) ? 'ours' : 'theirs';
  const label = depth === 1 ? `${data.name} ${(value / 1000).toFixed(1)} KB` : data.name;
  const shown = height < 14 ? '' : shortened(label, Math.floor((width - 6) / 6.6));
  const text = shown && `<text x="${x0 + 4}" y="${y0 + 12}">${escape(shown)}</text>`;
  const about = `<title>${escape(depth === 1 ? data.name : `${room}/${data.name}`)}: ${value} bytes</title>`;
  const rect = `<rect class="${kind}" x="${x0}" y="${y0}" width="${width}" height="${height}">${about}</rect>`;
  return depth === 1 ? `<g class="room">${rect}${text}</g>` : rect + text;
}

/** What fits of a name, at some 6.6 pixels a letter; its title has all of it. */
function shortened(label: string, letters: number): string {
  if (label.length <= letters) return label;
  return letters < 5 ? '' : `${label.slice(0, letters - 1)}…`;
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.codePointAt(0)};`);
}
