import { spawnSync } from 'node:child_process';
import path from 'node:path';

/** `npm run check`: everything that has to hold before a change lands. Goes through all of it, then says what failed. */

const root = path.resolve(import.meta.dirname, '..');
const tool = (name: string): string => path.join(root, 'tools', 'node_modules', '.bin', name);
const jest = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];

const SPECTRAL = ['--ruleset', 'tools/spectral.mjs', '--fail-severity', 'hint'];

interface Step {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
}

/** Left out by `--no-tests`, for who has run them. */
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

function run(name: string, [command, ...args]: Step['command']): boolean {
  process.stdout.write(`— ${name}\n`);
  const begun = Date.now();
  const env = {
    ...process.env,
    OXLINT_TSGOLINT_PATH: tool('tsgolint'),
    REDOCLY_TELEMETRY: 'off',
    REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true',
  };
  const { status } = spawnSync(command, args, { cwd: root, env, stdio: 'inherit' });
  const seconds = ((Date.now() - begun) / 1000).toFixed(1);
  process.stdout.write(`${status === 0 ? 'ok' : 'FAILED'}: ${name}, ${seconds} s\n\n`);
  return status === 0;
}

const isWithoutTests = process.argv.includes('--no-tests');
const steps = STEPS.filter(({ name }) => !isWithoutTests || name !== TESTS);
const failing = (all: readonly Step[]): string[] =>
  all.filter(({ name, command }) => !run(name, command)).map(({ name }) => name);
const missing = failing(INSTALLS);
const failed = missing.length > 0 ? missing : failing(steps);
process.stdout.write(failed.length > 0 ? `\nFailed: ${failed.join(', ')}\n` : '\nAll holds.\n');
process.exitCode = failed.length > 0 ? 1 : 0;
