import { valueOf, type Figure, type Results, type Section } from './figures.ts';
import { shown } from './table.ts';

/** The figures that people compare first, as bars: an SVG that stands for itself, in both colour schemes. */

const STYLE = `<style>
  text { font: 12px system-ui, sans-serif; fill: #333 } .title { font-weight: 600 } .back { fill: #fff }
  .ours { fill: #1769aa } .theirs { fill: #b8a48c } .range { stroke: #333; stroke-width: 1 }
  @media (prefers-color-scheme: dark) {
    text { fill: #ddd } .back { fill: #161616 } .ours { fill: #6cb6ff } .theirs { fill: #6b5d4d } .range { stroke: #ddd }
  }
</style>`;

const PANELS: readonly { section: Section; title: string; unit: string }[] = [
  { section: 'start', title: 'process to handler ready', unit: 'ms' },
  { section: 'first', title: 'process to first cancellation at DLC', unit: 'ms' },
  { section: 'memory', title: 'memory at ready', unit: 'MB' },
];

const ROW = 22;
const WIDTH = 760;
const LEFT = 150;
const SCALE = WIDTH - LEFT - 90;

/** @param results of which the first three tables are drawn, each row over bare Node */
export function barsSvg({ figures, node }: Results): string {
  let y = 0;
  const panels = PANELS.map(({ section, title, unit }) => {
    const rows = figures.filter(
      (one) => one.section === section && !/,? (after|itself)/.test(one.row),
    );
    const most = Math.max(...rows.map(({ high }) => high));
    const top = y;
    y += ROW * (rows.length + 1) + 16;
    const bars = rows.map((row, i) => bar(row, ROW * (i + 1), most, unit));
    return `<g transform="translate(0 ${top})"><text class="title" x="8" y="15">${title}, over bare Node, ${unit}</text>\n${bars.join('\n')}</g>`;
  });
  const title = `The gateway beside the same job built otherwise, on Node ${node}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" role="img" aria-label="${title}">
<title>${title}: start ${shown(valueOf(figures, 'start', 'gateway') ?? NaN)} ms</title>
${STYLE}
<rect class="back" width="100%" height="100%"/>
${panels.join('\n')}
</svg>
`;
}

function bar({ row, median, low, high }: Figure, y: number, most: number, unit: string): string {
  const x = (value: number): number => Math.round(LEFT + (Math.max(0, value) / most) * SCALE);
  const kind = row.startsWith('gateway') ? 'ours' : 'theirs';
  return [
    `<text x="${LEFT - 8}" y="${y + 15}" text-anchor="end">${row}</text>`,
    `<rect class="${kind}" x="${LEFT}" y="${y + 3}" width="${x(median) - LEFT}" height="${ROW - 6}"/>`,
    `<path class="range" d="M${x(low)} ${y + ROW / 2}H${x(high)}"/>`,
    `<text x="${Math.max(x(median), x(high)) + 6}" y="${y + 15}">${shown(median)} ${unit}</text>`,
  ].join('');
}
