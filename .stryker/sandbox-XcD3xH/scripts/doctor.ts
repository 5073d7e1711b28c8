import path from 'node:path';
import { parseArgs } from 'node:util';

import { examine } from './doctor/examine.ts';
import type { Finding } from './doctor/finding.ts';
import { exitCodeOf, summaryOf, toLines } from './doctor/report.ts';
import { DIST } from './build/bundle.ts';
import { parsing, print, runAsScript } from './cli/command-line.ts';
import { exitCodes } from './cli/exit-codes.ts';
import { progressLine, usesColours } from './cli/terminal.ts';

const HELP = `Checks a configuration without serving: the environment variables that the gateway would get.

  npm run doctor
  npm run --silent doctor -- --json

Settings, expiring API keys, written-down secrets, credentials, the way to DLC, the clock, every allowed
region, the permissions to call DescribeTasks and CancelTask, every issuer's keys, Redis. Each is one
line: ok, warn, FAIL or skip, and what to do. No value of a secret is ever printed.

Permissions are tried on a task that cannot exist, d0c70000-0000-0000-0000-00000000d0c7: DLC refuses it
after it has checked the permission, and nothing is cancelled. It counts as one of the 20 cancellations
a second, and stands in the account's audit log.

Options
  --base DIR      what "@path" settings are relative to                  (default: dist/)
  --no-cancel     does not call CancelTask; its permission stays unknown
  --json          {exitCode, findings: [{check, status, message, advice?, exitCode?}]}
  -h, --help      this text

Environment
  the gateway's settings (README, "Settings") and the credentials that it would have
  NO_COLOR        no colours, on a terminal either
A check takes 10 s at most.

${exitCodes(
  {
    unavailable: 'FAIL: DLC, an issuer or Redis cannot be reached',
    software: 'FAIL: an answer that nobody foresaw; or a mistake of the command itself',
    machine: 'FAIL: the clock of this machine',
    temporary: 'FAIL: try again in a minute',
    permission: 'FAIL: credentials, or a permission that they lack',
    config: 'FAIL: settings',
  },
  'nothing failed; else the first FAIL decides',
)}`;

const CHECK_MS = 10_000;

async function main(args: string[]): Promise<number> {
  const options = {
    base: { type: 'string' },
    'no-cancel': { type: 'boolean' },
    json: { type: 'boolean' },
    help: { type: 'boolean' },
  } as const;
  const { values } = parsing(() => parseArgs({ args, options }));
  if (values.help) return (print(false, undefined, HELP), 0);
  const hasColours = usesColours(process.stdout.isTTY, process.env);
  const all: Finding[] = [];
  const progress = progressLine();
  await examine({
    env: process.env,
    baseDir: path.resolve(values.base ?? DIST),
    cancels: !values['no-cancel'],
    now: () => Date.now(),
    checkMs: CHECK_MS,
    begin: (what) => progress(`Asking ${what} …`),
    tell(findings) {
      all.push(...findings);
      progress('');
      if (values.json) return;
      process.stdout.write(findings.map((finding) => toLines(finding, hasColours)).join(''));
    },
  });
  const exitCode = exitCodeOf(all);
  const whole = values.json ? JSON.stringify({ exitCode, findings: all }) : `\n${summaryOf(all)}`;
  process.stdout.write(`${whole}\n`);
  return exitCode;
}

await runAsScript(import.meta.url, main);
