import type { Outage } from './store-model.ts';
import type { Group, Row } from './scenarios.ts';
import { UPSTREAM_RATE } from './model.ts';

/** Plots as SVG that stand for themselves: in both colour schemes, with a title for screen readers. */

const STYLE = `<style>
  text { font: 12px system-ui, sans-serif; fill: #333 }
  .title { font-weight: 600 }
  .grid { stroke: #ddd } .limit { stroke: #c33; stroke-dasharray: 4 3 } .down { fill: #c33; opacity: .12 }
  .a { stroke: #1769aa; fill: none; stroke-width: 2 } .b { stroke: #b45f06; fill: none; stroke-width: 2 }
  .da { fill: #1769aa } .db { fill: #b45f06 } .tb { fill: #b45f06 } .ta { fill: #1769aa } .tl { fill: #c33 }
  .back { fill: #fff }
  @media (prefers-color-scheme: dark) {
    text { fill: #ddd } .grid { stroke: #444 } .back { fill: #161616 }
    .a { stroke: #6cb6ff } .b { stroke: #ffb86b } .da { fill: #6cb6ff } .db { fill: #ffb86b }
    .ta { fill: #6cb6ff } .tb { fill: #ffb86b } .limit { stroke: #ff7b72 } .tl { fill: #ff7b72 }
  }
</style>`;

const PANEL = { width: 340, height: 210, left: 34, right: 22, top: 42, bottom: 34 } as const;
const TOP = 25;

const yOf = (value: number): number =>
  PANEL.top + (PANEL.height - PANEL.top - PANEL.bottom) * (1 - Math.min(value, TOP) / TOP);

/** What arrived in each second. @param times milliseconds */
export function perSecond(times: readonly number[]): number[] {
  const counts: number[] = [];
  for (const time of times) {
    const second = Math.floor(time / 1000);
    counts[second] = (counts[second] ?? 0) + 1;
  }
  return Array.from(counts, (count) => count ?? 0);
}

/** Accepted a second, and the busiest second, of every group. */
export function plotRows(results: readonly { group: Group; rows: readonly Row[] }[]): string {
  const panels = results.map(({ group, rows }, index) => {
    const x = (index % 2) * PANEL.width;
    const y = Math.floor(index / 2) * PANEL.height;
    return `<g transform="translate(${x} ${y})">${panel(group, rows)}</g>`;
  });
  const height = Math.ceil(results.length / 2) * PANEL.height;
  const title = 'Accepted a second, and the busiest sliding second, against the limit of 20';
  return svg(2 * PANEL.width, height, title, panels.join('\n'));
}

function panel(group: Group, rows: readonly Row[]): string {
  const step = (PANEL.width - PANEL.left - PANEL.right) / Math.max(1, rows.length - 1);
  const xOf = (index: number): number => PANEL.left + index * step;
  const line = (name: 'a' | 'b', value: (row: Row) => number): string => {
    const points = rows.map((row, index) => `${round(xOf(index))},${round(yOf(value(row)))}`);
    const dots = points.map((point) => {
      const [x, y] = point.split(',');
      return `<circle class="d${name}" cx="${x}" cy="${y}" r="3"/>`;
    });
    return `<polyline class="${name}" points="${points.join(' ')}"/>${dots.join('')}`;
  };
  const labels = rows.map(
    ({ varied }, index) =>
      `<text x="${round(xOf(index))}" y="${PANEL.height - 18}" text-anchor="middle">${varied}</text>`,
  );
  return [
    `<text class="title" x="${PANEL.left}" y="16">${group.title.split(/[,:] /)[0]}</text>`,
    `<text class="ta" x="${PANEL.left}" y="32">accepted/s</text>`,
    `<text class="tb" x="${PANEL.left + 76}" y="32">busiest second</text>`,
    grid(PANEL.width - PANEL.right),
    line('b', (row) => row.busiestSecond),
    line('a', (row) => row.acceptedPerSecond),
    ...labels,
    `<text x="${PANEL.width / 2}" y="${PANEL.height - 4}" text-anchor="middle">${group.varied}</text>`,
  ].join('\n');
}

/** What arrived in each second of a run in which Redis was dead for a while. */
export function plotOutage(counts: readonly number[], { fromMs, toMs }: Outage): string {
  const width = 2 * PANEL.width;
  const step = (width - PANEL.left - PANEL.right) / counts.length;
  const xOf = (second: number): number => PANEL.left + second * step;
  const points = counts.map((count, second) => {
    const y = round(yOf(count));
    return `${round(xOf(second))},${y} ${round(xOf(second + 1))},${y}`;
  });
  const from = xOf(fromMs / 1000);
  const down = `<rect class="down" x="${round(from)}" y="${PANEL.top}" width="${round(xOf(toMs / 1000) - from)}" height="${PANEL.height - PANEL.top - PANEL.bottom}"/>`;
  const seconds = counts
    .map((_, second) => second)
    .filter((second) => second % 10 === 0)
    .map((second) => `<text x="${round(xOf(second))}" y="${PANEL.height - 18}">${second}</text>`);
  const title = 'Arrivals at DLC in each second, 16 instances, while Redis is dead for 20 s';
  const body = [
    `<text class="title" x="${PANEL.left}" y="16">${title}</text>`,
    `<text class="tl" x="${round(from)}" y="${PANEL.top - 6}">Redis is dead</text>`,
    down,
    grid(width - PANEL.right),
    `<polyline class="a" points="${points.join(' ')}"/>`,
    ...seconds,
    `<text x="${width / 2}" y="${PANEL.height - 4}" text-anchor="middle">seconds</text>`,
  ];
  return svg(width, PANEL.height, title, body.join('\n'));
}

function grid(right: number): string {
  return [0, 5, 10, 15, UPSTREAM_RATE]
    .map((value) => {
      const y = round(yOf(value));
      const name = value === UPSTREAM_RATE ? 'limit' : 'grid';
      return `<line class="${name}" x1="${PANEL.left}" x2="${right}" y1="${y}" y2="${y}"/><text x="${PANEL.left - 6}" y="${y + 4}" text-anchor="end">${value}</text>`;
    })
    .join('\n');
}

function svg(width: number, height: number, title: string, body: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>${title}</title>
${STYLE}
<rect class="back" width="100%" height="100%"/>
${body}
</svg>
`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
