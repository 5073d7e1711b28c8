import path from 'node:path';
import { parseArgs } from 'node:util';

import { examine } from './doctor/examine.ts';
import type { Finding } from './doctor/finding.ts';
import { exitCodeOf, summaryOf, toLines, usesColours } from './doctor/report.ts';
import { DIST } from './support/bundle.ts';
import { parsing, runAsScript } from './support/command-line.ts';

const HELP = `Checks a configuration without serving: the environment variables that the gateway would get.

  npm run doctor
  npm run --silent doctor -- --json

Settings, expiring API keys, written-down secrets, credentials, the way to DLC, the clock, every allowed
region, the permissions to call DescribeTasks and CancelTask, every issuer's keys, Redis. Each is one
line: ok, warn, FAIL or skip, and what to do. No value of a secret is ever printed.

Permissions are tried on a task that cannot exist, d0c70000-0000-0000-0000-00000000d0c7: DLC refuses it
after it has checked the permission, and nothing is cancelled. It counts as one of the 20 cancellations
a second, and stands in the account's audit log.

  --base DIR      what "@path" settings are relative to                  (default: dist/)
  --no-cancel     does not call CancelTask; its permission stays unknown
  --json          {exitCode, findings: [{check, status, message, advice?, exitCode?}]}
  --help

Ends with 0 where nothing failed, else with what the first FAIL says: 69 cannot be reached, 70 an answer
that nobody foresaw, 71 the clock, 75 try again, 77 credentials or permission, 78 settings; 64 wrong usage.
A check takes 10 s at most. NO_COLOR is heeded.`;

const CHECK_MS = 10_000;

async function main(args: string[]): Promise<number> {
  const options = {
    base: { type: 'string' },
    'no-cancel': { type: 'boolean' },
    json: { type: 'boolean' },
    help: { type: 'boolean' },
  } as const;
  const { values } = parsing(() => parseArgs({ args, options }));
  if (values.help) return (process.stdout.write(`${HELP}\n`), 0);
  const hasColours = usesColours(process.stdout.isTTY, process.env);
  const all: Finding[] = [];
  await examine({
    env: process.env,
    baseDir: path.resolve(values.base ?? DIST),
    cancels: !values['no-cancel'],
    now: () => Date.now(),
    checkMs: CHECK_MS,
    tell(findings) {
      all.push(...findings);
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
