import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';

import { builtCommands } from '../support/built.ts';
import { runNode } from './run-script.ts';

/** Through real npm: what it does with a flag that has no `--` before it is npm's own, and may change. */

const { scripts }: { scripts: Record<string, string> } = JSON.parse(
  readFileSync('package.json', 'utf8'),
);
/** Run programs of others, with their own options, or a command under another name. */
const OTHERS = new Set(['test', 'test:browser', 'mutation', 'prepack']);
const COMMANDS = Object.keys(scripts).filter((name) => !OTHERS.has(name));

/** Flags, with a word for a value, of each command, as its `--help` lists them. */
async function flagsOf(name: string): Promise<string[][]> {
  const node =
    name === 'bench' ? ['--import', 'tsx', 'bench/main.ts'] : [await builtCommands(), name];
  const { stdout } = await runNode([...node, '--help']);
  return [...stdout.matchAll(/^ {2}(--[a-z0-9-]+)(?: <([a-z]+)(?:\.\.\.)?>)?/gm)].map(
    ([, flag = '', value]) => (value === undefined ? [flag] : [flag, 'PLANTED']),
  );
}

/**
 * Flags that are npm's own, or short for one of npm's own: no variable has their value. npm warns of the value, and
 * the value of `--engine` becomes an argument, which no command takes.
 */
const KEPT_WITHOUT_A_TRACE = new Set(['--engine', '--expires', '--only']);

function npm(...args: string[]) {
  const env = {
    PATH: process.env['PATH'],
    HOME: '/nonexistent',
    npm_config_update_notifier: 'false',
  };
  const { status, stdout, stderr } = spawnSync('npm', ['--silent', 'run', ...args], {
    env,
    encoding: 'utf8',
    // A command that is not refused may never end.
    timeout: 25_000,
  });
  return { status, stdout, stderr };
}

describe.each(COMMANDS)('npm run %s', (name) => {
  it('refuses every flag of its own that npm keeps, and names the line to type', async () => {
    const flags = await flagsOf(name);
    // One run for all flags: npm takes a second.
    if (flags.length === 0)
      return expect(['build', 'emulator', 'lint', 'release', 'serve', 'typecheck']).toContain(name);
    const { status, stdout, stderr } = npm(name, ...flags.flat());
    expect(status).toBe(64);
    // With --json, npm says itself that the script has failed.
    expect(stdout).toBe(/^\{\n {2}"error"/.test(stdout) ? stdout : '');
    const typed = name === 'start' ? 'npm start --' : `npm run ${name} --`;
    const line = stderr.split('\n').find((one) => one.startsWith(`  ${typed}`));
    for (const [flag = ''] of flags) {
      if (!KEPT_WITHOUT_A_TRACE.has(flag)) expect(line).toContain(flag);
    }
    expect(stderr).not.toContain('PLANTED');
  });
});

describe('npm run deploy', () => {
  const line = (args: string) => `\n\n  npm run deploy -- ${args}\n`;

  it.each([
    [['--rollback'], '--rollback'],
    [['--dry-run'], '--dry-run'],
    [['--dry'], '--dry-run'],
    [['--roll-back'], '--rollback'],
    [['--rolback'], '--rollback'],
    [['--no-build'], '--no-build'],
    [['--yes'], '--yes'],
    [['--stage', 'prod'], '--stage <name>'],
    [['--stage', 'prod', '--', '--stage', 'dev'], '--stage <name>'],
    [['--rollback', '--', '--stage', 'prod'], '--rollback --stage <name>'],
  ])('with %j deploys nothing', (args, typed) => {
    expect(npm('deploy', ...args)).toEqual({
      status: 64,
      stdout: '',
      stderr: expect.stringContaining(line(typed)),
    });
  });

  it('takes flags after "--", and is not confused by the settings of npm', () => {
    const args = ['--tag=next', '--yes', '--', '--yes', '--config', '/nowhere.yml'];
    const { status, stderr } = npm('deploy', ...args);
    expect([status, stderr]).toEqual([66, expect.stringContaining('/nowhere.yml cannot be read')]);
  });
});

describe('npm run key', () => {
  it('makes no key for every engine if --engine was lost', () => {
    expect(npm('key', '--engine=etl', '--', '--id', 'a')).toEqual({
      status: 64,
      stdout: '',
      stderr: 'only options are taken, with npm run after "--"; see --help\n',
    });
  });

  it('says that a key does not expire, in case --expires was lost', () => {
    const { stdout } = npm('key', '--expires=2099-01-01T00:00:00Z', '--', '--id', 'a');
    expect(stdout).toContain('does not expire');
  });
});
