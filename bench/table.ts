import { isSection, SECTIONS, type Figure, type Results } from './figures.ts';
import { verdicts, type Verdict } from './targets.ts';

/** A run as tables in Markdown, which people can read as they are. */
export function tables(results: Results): string {
  const sections = Object.keys(SECTIONS)
    .filter(isSection)
    .map((section) => {
      const figures = results.figures.filter((one) => one.section === section);
      return figures.length > 0 ? `### ${SECTIONS[section]}\n\n${figureTable(figures)}` : undefined;
    });
  const { node, machine, date, commit, isQuick } = results;
  const about = `Node ${node} on ${machine}, ${date}, at commit ${commit}${isQuick ? ', quick' : ''}.`;
  const goals = `### Goals\n\n${goalTable(verdicts(results.figures))}`;
  return [about, goals, ...sections].filter((part) => part !== undefined).join('\n\n');
}

function figureTable(figures: readonly Figure[]): string {
  const base = figures.find(({ row }) => row === 'whole-sdk');
  const head = ['', 'median', 'half of all within', 'times', ...(base ? ['to the whole SDK'] : [])];
  const rows = figures.map((one) => [
    one.row,
    shown(one.median),
    one.count > 1 ? `${shown(one.low)} – ${shown(one.high)}` : '',
    String(one.count),
    ...(base ? [one.unit === base.unit ? ratio(one.median / base.median) : ''] : []),
  ]);
  return grid(head, rows);
}

function goalTable(all: readonly Verdict[]): string {
  const rows = all.map(({ goal, is, limit, isAtMost, isMet }) => [
    goal,
    `${isAtMost ? 'at most' : 'at least'} ${shown(limit)}`,
    is === undefined ? 'not measured' : shown(is),
    isMet === undefined ? '' : isMet ? 'yes' : 'no',
  ]);
  return grid(['', 'goal', 'is', 'met'], rows);
}

const ratio = (value: number): string =>
  value < 0.5 ? `1/${(1 / value).toFixed(1)}` : value.toFixed(2);

/** Three digits that count, or whole numbers. */
export function shown(value: number): string {
  if (Number.isInteger(value) || Math.abs(value) >= 1000) return String(Math.round(value));
  return String(Number(value.toPrecision(3)));
}

/** As the formatter of the project's documents would align it. */
function grid(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((name, i) =>
    Math.max(3, name.length, ...rows.map((row) => row[i]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join(' | ')} |`;
  const rule = `|${widths.map((width, i) => (i === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}
