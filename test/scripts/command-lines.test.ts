import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { PassThrough } from 'node:stream';

import { describe, expect, it } from '@jest/globals';

import { EXIT } from '../../scripts/cli/exit-codes.ts';
import { endingOf } from '../../scripts/cli/run.ts';
import { progressLine, questioner } from '../../scripts/cli/terminal.ts';
import { settingRows } from '../../src/settings-table.ts';
import { built, builtCommands } from '../support/built.ts';
import { portOf } from '../support/http-client.ts';
import { runNode, runScript } from './run-script.ts';

/** What all commands have in common; what each does has tests of its own. */

const { scripts }: { scripts: Record<string, string> } = JSON.parse(
  readFileSync('package.json', 'utf8'),
);
/** Run programs of others with their own options, or a command under another name. */
const OTHERS = new Set(['test', 'test:browser', 'mutation', 'prepack']);
const COMMANDS = Object.keys(scripts).filter((name) => !OTHERS.has(name));

/** What Node is started with for it: all but the benchmark are `scripts/main.ts`. */
async function nodeFor(name: string): Promise<string[]> {
  if (name === 'bench') return ['--import', 'tsx', 'bench/main.ts'];
  expect(scripts[name]).toBe(`node --import tsx scripts/main.ts ${name}`);
  return [await builtCommands(), name];
}

/** Colours are wished for, but there is no terminal. */
const env = { TERM: 'xterm-256color' };

async function expectManners(node: readonly string[], unreadCode = 0): Promise<string> {
  const [help, unread, unknown] = await Promise.all([
    runNode([...node, '--help'], { env }),
    runNode([...node, '-h'], { env, isUnread: true }),
    runNode([...node, '--no-such-option=PLANTED'], { env }),
  ]);
  expect(help).toMatchObject({ exitCode: 0, stderr: '' });
  expect(unread).toMatchObject({ exitCode: unreadCode, stderr: '' });
  expect(unknown).toMatchObject({ exitCode: 64, stdout: '' });
  expect(unknown.stderr).toMatch(/^.*--help.*\n$/);
  expect(unknown.stderr).not.toContain('PLANTED');
  expect(help.stdout + unknown.stderr).not.toContain('\u001b');
  return help.stdout;
}

describe.each(COMMANDS)('npm run %s', (name) => {
  it('explains itself, refuses unknown options, and is quiet if nobody reads it', async () => {
    const help = await expectManners(await nodeFor(name));
    expect(help).toContain(name === 'start' ? 'Usage: npm start' : `Usage: npm run ${name}`);
    for (const title of ['Options', 'Examples', 'Environment', 'Exit codes']) {
      expect(help).toMatch(new RegExp(`^${title}:\n {2}\\S`, 'm'));
    }
    const [, rows = ''] = /^Exit codes:\n([^]*)$/m.exec(help) ?? [];
    const codes = [...rows.matchAll(/^ {2}(\d+)/gm)].map(([, code]) => Number(code));
    expect(codes).toEqual([...new Set(codes)].toSorted((a, b) => a - b));
    expect(codes).toEqual(expect.arrayContaining([0, 64, 70, 74, 130]));
    for (const code of codes.slice(1)) expect(Object.values(EXIT)).toContain(code);
  });
});

it('without a name, the commands are listed, and every one has an npm script', async () => {
  const main = [await builtCommands()];
  const { stdout } = await runNode([...main, '--help']);
  const [, rows = ''] = /^Commands:\n([^]*)$/m.exec(stdout) ?? [];
  const named = [...rows.matchAll(/^ {2}(\w+)/gm)].map(([, name]) => name);
  expect(new Set(named)).toEqual(new Set(COMMANDS.filter((name) => name !== 'bench')));
  expect(await runNode(main)).toEqual({
    exitCode: 64,
    stdout: '',
    stderr: 'name a command; see --help\n',
  });
  for (const args of [['PLANTED'], ['PLANTED', '--help']]) {
    expect(await runNode([...main, ...args])).toEqual({
      exitCode: 64,
      stdout: '',
      stderr: 'there is no such command; see --help\n',
    });
  }
});

it('dist/server.js has the same manners', async () => {
  // To it, a stdout without a reader is a log without a reader.
  const help = await expectManners([path.join(await built(), 'server.js')], 74);
  const codes = [...help.matchAll(/^ {2}(\d+) /gm)].map(([, code]) => Number(code));
  expect(codes).toEqual([0, 64, 69, 70, 74, 78]);
  for (const { name } of settingRows()) expect(help).toMatch(new RegExp(`^ {2}${name} +\\w`, 'm'));
});

describe('stdout', () => {
  it('has results alone, stderr the progress', async () => {
    const ran = await runScript('build', [], { env });
    expect(ran.exitCode).toBe(0);
    expect(ran.stdout).toMatch(/^(dist\/\S+ {2}\d+ KB\n){11}$/);
    expect(ran.stderr).toBe('Building dist/ …\nPacking it …\n');
  });

  it.each([
    ['key', ['--id', 'a']],
    ['token', ['--new-secret']],
    ['webhook', ['--new-secret']],
    ['doctor', ['--no-cancel']],
  ])('of npm run %s has no colours if it is piped', async (name, args) => {
    const { stdout, stderr } = await runScript(name, args, { env });
    expect(stdout).not.toBe('');
    expect(stdout + stderr).not.toContain('\u001b');
  });

  it('without a reader ends a command that only prints', async () => {
    const ran = await runScript('token', ['--new-secret'], { isUnread: true });
    expect(ran).toMatchObject({ exitCode: 0, stderr: '' });
  });

  it('without a reader changes no exit code', async () => {
    const ran = await runScript('doctor', [], { isUnread: true });
    expect(ran).toMatchObject({ exitCode: 78, stderr: '' });
  });
});

it('Ctrl-C ends a command at once, with 130 and without a word', async () => {
  const silent = net.createServer().listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const REDIS_URL = `redis://127.0.0.1:${portOf(silent)}`;
  const entry = { id: 'a', sha256: 'a'.repeat(64), scopes: ['tasks:cancel'] };
  const settings = { DLC_REGION: 'ap-guangzhou', API_KEYS: JSON.stringify([entry]), REDIS_URL };
  const connected = once(silent, 'connection');
  const child = spawn(process.execPath, [await builtCommands(), 'doctor'], {
    env: { PATH: process.env['PATH'], ...settings },
  });
  let stderr = '';
  child.stdout.resume();
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = once(child, 'close');
  const [socket]: net.Socket[] = await connected;
  child.kill('SIGINT');
  const end = await ended;
  socket?.destroy();
  silent.close();
  expect(end).toEqual([130, null]);
  expect(stderr).toBe('');
});

describe('an error that no command expects', () => {
  it('of the file system is a sentence, and 74', () => {
    let thrown: unknown;
    try {
      mkdirSync('/dev/null/folder');
    } catch (error) {
      thrown = error;
    }
    expect(endingOf(thrown)).toEqual({
      exitCode: 74,
      message: expect.stringMatching(/^mkdir \/dev\/null\/folder: ENOTDIR; check that [^\n]*$/),
    });
  });

  it('of another kind is a fault of the command, and 70', () => {
    const { exitCode, message } = endingOf(new TypeError('x is not a function'));
    expect(exitCode).toBe(70);
    expect(message).toMatch(/^TypeError: x is not.*\n {4}at [^]*please report it, with the above/);
  });
});

describe('the line of progress', () => {
  const shown = (terminal: object, variables = {}): string[] => {
    const written: string[] = [];
    const show = progressLine(
      { ...terminal, write: (text: string) => written.push(text) },
      variables,
    );
    for (const text of ['', 'a long one', 'b', '', '']) show(text);
    return written;
  };

  it('is one that changes, and goes, on a terminal', () => {
    expect(shown({ isTTY: true, columns: 5 })).toEqual(
      ['a lo', 'b', ''].map((text) => `\r\u001b[K${text}`),
    );
  });

  it('is not there without a terminal', () => {
    expect(shown({})).toEqual([]);
    expect(shown({ isTTY: true }, { TERM: 'dumb' })).toEqual([]);
  });
});

describe('a question', () => {
  const terminal = () => Object.assign(new PassThrough(), { isTTY: true });

  it.each([
    ['y\n', true],
    ['YES\n', true],
    [' y \n', true],
    ['\n', false],
    ['n\n', false],
    ['yesterday\n', false],
    ['', false],
  ])('that %j answers', async (typed, isYes) => {
    const [input, output] = [terminal(), terminal()];
    const response = questioner(input, output)?.('Go on?');
    input.end(typed);
    expect(await response).toBe(isYes);
    expect(String(output.read())).toContain('Go on? [y/N] ');
  });

  it('is not asked where nobody sees it, or nobody can answer', () => {
    expect(questioner(terminal(), new PassThrough())).toBeUndefined();
    expect(questioner(new PassThrough(), terminal())).toBeUndefined();
  });
});
