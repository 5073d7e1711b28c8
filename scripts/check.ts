import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

import { CommandError } from './cli/command-line.ts';
import { EXIT } from './cli/exit-codes.ts';
import { say } from './cli/terminal.ts';

const root = path.resolve(import.meta.dirname, '..');
const tool = (name: string): string => path.join(root, 'tools', 'node_modules', '.bin', name);
const jest = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];

const SPECTRAL = ['--ruleset', 'tools/spectral.mjs', '--fail-severity', 'hint'];

interface Step {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
}

/** One of our own commands, as a process of its own. */
const own = (name: string): Step['command'] => [
  process.execPath,
  '--import',
  'tsx',
  'scripts/main.ts',
  name,
];

/** What has a command of its own. */
const SINGLE = {
  format: { name: 'format', command: [tool('oxfmt'), '.'] },
  'format --check': { name: 'format', command: [tool('oxfmt'), '--check', '.'] },
  lint: { name: 'lint', command: [tool('oxlint'), '--deny-warnings'] },
  typecheck: {
    name: 'types',
    command: [path.join(root, 'node_modules', '.bin', 'tsc'), '-p', '.'],
  },
} as const satisfies Record<string, Step>;

/** Left out by `--no-tests`. */
const TESTS = 'tests, with coverage';

/** Installs packages that the steps need and that have locks of their own. */
const CHECKERS: Step = {
  name: 'the checkers, in tools/',
  command: ['npm', 'ci', '--prefix', 'tools'],
};
const INSTALLS: readonly Step[] = [
  CHECKERS,
  { name: 'the peers, in bench/peers/', command: ['npm', 'ci', '--prefix', 'bench/peers'] },
];

const STEPS: readonly Step[] = [
  SINGLE['format --check'],
  SINGLE.lint,
  SINGLE.typecheck,
  { name: 'types of the peers', command: [SINGLE.typecheck.command[0], '-p', 'bench/peers'] },
  { name: 'dead code', command: [tool('knip')] },
  { name: 'build', command: own('build') },
  { name: 'budgets', command: own('budgets') },
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

/** Runs a checker, which writes its own output. @throws CommandError 130 after Ctrl-C */
async function run(name: string, [command, ...args]: Step['command']): Promise<boolean> {
  say(`— ${name}`);
  const begun = Date.now();
  const env = {
    ...process.env,
    OXLINT_TSGOLINT_PATH: tool('tsgolint'),
    REDOCLY_TELEMETRY: 'off',
    REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true',
    // Not all of them look whether stdout takes colours.
    ...(process.stdout.hasColors?.() ? {} : { NO_COLOR: '1', FORCE_COLOR: '0' }),
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

/** Runs all of them. @returns the names of those that fail */
async function failing(steps: readonly Step[]): Promise<string[]> {
  const failed: string[] = [];
  for (const { name, command } of steps) if (!(await run(name, command))) failed.push(name);
  return failed;
}

/**
 * Runs all checks, then says what failed.
 *
 * @param tests whether the tests run too
 * @returns the exit code @throws CommandError 130
 */
export async function check({ tests }: { readonly tests: boolean }): Promise<number> {
  const steps = STEPS.filter(({ name }) => tests || name !== TESTS);
  const missing = await failing(INSTALLS);
  const failed = missing.length > 0 ? missing : await failing(steps);
  process.stdout.write(failed.length > 0 ? `\nFailed: ${failed.join(', ')}\n` : '\nAll holds.\n');
  return failed.length > 0 ? EXIT.failed : 0;
}

/** Runs one step alone; installs the checkers first if it needs them. @returns the exit code @throws CommandError 130 */
export async function runAlone(name: keyof typeof SINGLE): Promise<number> {
  const step = SINGLE[name];
  const isThere = existsSync(step.command[0]);
  const failed = await failing(isThere ? [step] : [CHECKERS, step]);
  return failed.length > 0 ? EXIT.failed : 0;
}
