import { ALL_SECTIONS, SECTIONS, type Figure, type Results, type Section } from './figures.ts';
import { GOALS, verdictOf } from './goals.ts';

/** Gives runs as Markdown tables: a column for each run, that is, for each version of Node. */
export function tables(runs: readonly Results[]): string {
  const about = runs.map(
    ({ node, machine, date, commit, isQuick }) =>
      `Node ${node} on ${machine}, ${date}, at commit ${commit}${isQuick ? ', quick' : ''}.`,
  );
  const sections = ALL_SECTIONS.map((section) => [SECTIONS[section], sectionTable(section, runs)]);
  const parts = [['Goals', goalTable(runs)], ...sections].filter(([, table]) => table);
  return [about.join('\n'), ...parts.map(([title, table]) => `### ${title}\n\n${table}`)].join(
    '\n\n',
  );
}

const headOf = (runs: readonly Results[]): string[] => runs.map(({ node }) => `Node ${node}`);

function goalTable(runs: readonly Results[]): string {
  const rows = GOALS.map((goal) => [
    goal.goal,
    ...runs.map((run) => {
      const verdict = verdictOf(goal, run);
      if (!verdict) return '';
      const { is, limit, isMet } = verdict;
      return `${shown(is)}, ${goal.kind} ${shown(limit)}: ${isMet ? 'met' : '**not met**'}`;
    }),
  ]);
  return grid(['', ...headOf(runs)], rows);
}

function sectionTable(section: Section, runs: readonly Results[]): string {
  const those = runs.filter(({ figures }) => figures.some((one) => one.section === section));
  if (those.length === 0) return '';
  const found = those.map(({ figures }) => figures.filter((one) => one.section === section));
  const names = [...new Set(found.flat().map(({ row }) => row))];
  const rows = names.map((name) => [
    name,
    ...found.map((figures) => cell(figures.find(({ row }) => row === name))),
  ]);
  return grid(['', ...headOf(those)], rows);
}

/** The median, and the quartiles if a figure was measured more than once. */
function cell(one: Figure | undefined): string {
  if (!one) return '';
  const { median, low, high, count } = one;
  return count > 1 ? `${shown(median)} (${shown(low)} – ${shown(high)})` : shown(median);
}

/** Three digits that count, or whole numbers. */
function shown(value: number): string {
  if (Number.isInteger(value) || Math.abs(value) >= 1000) return String(Math.round(value));
  return String(Number(value.toPrecision(3)));
}

/** As the formatter aligns it. */
function grid(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows];
  const widths = head.map((_, i) => Math.max(3, ...all.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((text, i) => (i === 0 ? text.padEnd(widths[i] ?? 0) : text.padStart(widths[i] ?? 0))).join(' | ')} |`;
  const rule = `|${widths.map((width, i) => (i === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}
