import type { Group, Row } from './scenarios.ts';

/** The figures of a group as a Markdown table, which is readable on a terminal too. */
export function toTable(group: Group, rows: readonly Row[]): string {
  const heads = [
    group.varied,
    'offered/s',
    'accepted/s',
    'busiest s',
    'fairness',
    'least share',
    'longest wait, ms',
    'newcomers refused, %',
    'again, %',
  ];
  const cells = rows.map((row) => [
    String(row.varied),
    row.offeredPerSecond.toFixed(0),
    row.acceptedPerSecond.toFixed(1),
    String(row.busiestSecond),
    row.fairness.toFixed(2),
    row.leastShare.toFixed(2),
    row.longestWaitMs.toFixed(0),
    row.refusedNewcomers.toFixed(0),
    row.inVain.toFixed(0),
  ]);
  const widths = heads.map((head, column) =>
    Math.max(head.length, ...cells.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padStart(widths[column] ?? 0)).join(' | ')} |`;
  const rule = `|${widths.map((width) => `${'-'.repeat(width + 1)}:`).join('|')}|`;
  return [line(heads), rule, ...cells.map(line)].join('\n');
}
