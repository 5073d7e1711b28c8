import path from 'node:path';

import { settingsBase } from '../places.ts';
import { progressLine } from '../cli/terminal.ts';
import { examine } from './examine.ts';
import type { Finding } from './finding.ts';
import { exitCodeOf, summaryOf, toLines } from './report.ts';

const CHECK_MS = 10_000;

interface Options {
  readonly base?: string;
  readonly cancel: boolean;
  readonly json?: true;
}

/** Prints the report, or JSON. @returns the exit code */
export async function doctor(options: Options): Promise<number> {
  const hasColours = process.stdout.hasColors?.() ?? false;
  const all: Finding[] = [];
  const progress = progressLine();
  await examine({
    env: process.env,
    baseDir: path.resolve(options.base ?? settingsBase),
    cancels: options.cancel,
    now: () => Date.now(),
    checkMs: CHECK_MS,
    begin: (what) => progress(`Asking ${what} …`),
    tell(findings) {
      all.push(...findings);
      progress('');
      if (options.json) return;
      process.stdout.write(findings.map((finding) => toLines(finding, hasColours)).join(''));
    },
  });
  const exitCode = exitCodeOf(all);
  const whole = options.json ? JSON.stringify({ exitCode, findings: all }) : `\n${summaryOf(all)}`;
  process.stdout.write(`${whole}\n`);
  return exitCode;
}
