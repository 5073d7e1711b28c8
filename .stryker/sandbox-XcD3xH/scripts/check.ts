import { spawn } from 'node:child_process';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { CommandError, parsing, print, runAsScript } from './cli/command-line.ts';
import { EXIT, exitCodes } from './cli/exit-codes.ts';
import { say, usesColours } from './cli/terminal.ts';

const HELP = `Checks everything that has to hold before a change lands: format, lint, types, dead code, build, the OpenAPI
document, tests with coverage, and the budgets. Goes through all of it, then says what failed.
Takes some minutes; the checkers are installed into tools/ first, and the benchmark's peers.

  npm run check
  npm run check -- --no-tests

Options
  --no-tests   all but the tests, for who has run them
  -h, --help   this text

Environment
  NO_COLOR     no colours, on a terminal either
  PATH         tests that need redis-server or chromium are skipped where it has none

${exitCodes({ failed: 'something does not hold; the last line names it' }, 'all holds')}`;

const root = path.resolve(import.meta.dirname, '..');
const tool = (name: string): string => path.join(root, 'tools', 'node_modules', '.bin', name);
const jest = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];

const SPECTRAL = ['--ruleset', 'tools/spectral.mjs', '--fail-severity', 'hint'];

interface Step {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
}

/** Left out by `--no-tests`. */
const TESTS = 'tests, with coverage';

/** Packages with locks of their own that the steps need, by their folder. */
const INSTALLS: readonly Step[] = [
  { name: 'the checkers, in tools/', command: ['npm', 'ci', '--prefix', 'tools'] },
  { name: 'the peers, in bench/peers/', command: ['npm', 'ci', '--prefix', 'bench/peers'] },
];

const tsc = path.join(root, 'node_modules', '.bin', 'tsc');

const STEPS: readonly Step[] = [
  { name: 'format', command: [tool('oxfmt'), '--check', '.'] },
  { name: 'lint', command: [tool('oxlint'), '--deny-warnings'] },
  { name: 'types', command: [tsc, '-p', '.'] },
  { name: 'types of the peers', command: [tsc, '-p', 'bench/peers'] },
  { name: 'dead code', command: [tool('knip')] },
  { name: 'build', command: [process.execPath, '--import', 'tsx', 'scripts/build.ts'] },
  { name: 'budgets', command: [process.execPath, '--import', 'tsx', 'scripts/budgets.ts'] },
  {
    name: 'OpenAPI, by Redocly',
    command: [tool('redocly'), 'lint', '--extends', 'recommended-strict', 'dist/openapi.json'],
  },
  {
    name: 'OpenAPI, by Spectral and OWASP',
    command: [tool('spectral'), 'lint', 'dist/openapi.json', ...SPECTRAL],
  },
  {
    name: TESTS,
    command: [process.execPath, ...jest, 'node_modules/jest/bin/jest.js', '--coverage'],
  },
];

/** Runs a checker, which writes for itself. @throws CommandError 130 where Ctrl-C has ended it */
async function run(name: string, [command, ...args]: Step['command']): Promise<boolean> {
  say(`— ${name}`);
  const begun = Date.now();
  const env = {
    ...process.env,
    OXLINT_TSGOLINT_PATH: tool('tsgolint'),
    REDOCLY_TELEMETRY: 'off',
    REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true',
    // Not all of them ask whether somebody wants colours.
    ...(usesColours(process.stdout.isTTY, process.env) ? {} : { NO_COLOR: '1', FORCE_COLOR: '0' }),
  };
  const child = spawn(command, args, { cwd: root, env, stdio: 'inherit' });
  let isInterrupted = false;
  const interrupt = (): void => {
    isInterrupted = true;
    child.kill('SIGINT');
  };
  process.on('SIGINT', interrupt);
  const status = await new Promise<number | null>((resolve) => {
    child.once('close', resolve);
    child.once('error', () => resolve(null));
  });
  process.off('SIGINT', interrupt);
  if (isInterrupted) throw new CommandError(EXIT.interrupted, `Interrupted: ${name}`);
  const seconds = ((Date.now() - begun) / 1000).toFixed(1);
  process.stdout.write(`${status === 0 ? 'ok' : 'FAILED'}: ${name}, ${seconds} s\n\n`);
  return status === 0;
}

/** Goes through all. @returns the names of those that fail */
async function failing(steps: readonly Step[]): Promise<string[]> {
  const failed: string[] = [];
  for (const { name, command } of steps) if (!(await run(name, command))) failed.push(name);
  return failed;
}

async function main(args: string[]): Promise<number> {
  const options = { 'no-tests': { type: 'boolean' }, help: { type: 'boolean' } } as const;
  const { values } = parsing(() => parseArgs({ args, options }));
  if (values.help) return (print(false, undefined, HELP), 0);
  const steps = STEPS.filter(({ name }) => !values['no-tests'] || name !== TESTS);
  const missing = await failing(INSTALLS);
  const failed = missing.length > 0 ? missing : await failing(steps);
  process.stdout.write(failed.length > 0 ? `\nFailed: ${failed.join(', ')}\n` : '\nAll holds.\n');
  return failed.length > 0 ? EXIT.failed : 0;
}

await runAsScript(import.meta.url, main);
