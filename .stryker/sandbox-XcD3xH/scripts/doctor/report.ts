import type { Finding } from './finding.ts';

/** How findings are shown, and what the doctor ends with. */

const MARKS = {
  ok: { word: 'ok  ', colour: 32 },
  warning: { word: 'warn', colour: 33 },
  failed: { word: 'FAIL', colour: 31 },
  skipped: { word: 'skip', colour: 90 },
} as const satisfies Record<Finding['status'], object>;

/** One line, or two where there is something to do. */
export function toLines(finding: Finding, hasColours: boolean): string {
  const { status, check, message, advice } = finding;
  const { word, colour } = MARKS[status];
  const mark = hasColours ? `\u001b[${colour}m${word}\u001b[0m` : word;
  const then = advice === undefined ? '' : `${' '.repeat(21)}→ ${advice}\n`;
  return `${mark}  ${check.padEnd(13)}  ${message}\n${then}`;
}

/** 0 where nothing has failed, else what the first failure says. */
export function exitCodeOf(findings: readonly Finding[]): number {
  return findings.find(({ status }) => status === 'failed')?.exitCode ?? 0;
}

export function summaryOf(findings: readonly Finding[]): string {
  const count = (wanted: Finding['status']): number =>
    findings.filter(({ status }) => status === wanted).length;
  return `${count('ok')} ok, ${count('warning')} to look at, ${count('failed')} failed, ${count('skipped')} skipped`;
}
