import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { EXIT } from '../../scripts/cli/exit-codes.ts';
import { endingOf } from '../../scripts/cli/manners.ts';
import { progressLine } from '../../scripts/cli/terminal.ts';
import { built } from '../support/built.ts';
import { portOf } from '../support/http-client.ts';
import { runNode, runScript } from './run-script.ts';

/** What all tools have in common; what each does has tests of its own. */

interface Told {
  /** Variables that --help must name. */
  readonly variables?: readonly string[];
  /** What it may end with, beside 0, 64, 70, 74 and 130. */
  readonly codes?: readonly number[];
}

/** Every script of package.json, but for jest's: a new one needs its line here. */
const TOOLS: Readonly<Record<string, Told>> = {
  start: {
    variables: ['PORT', 'EMULATOR_PORT', 'PLAYGROUND_PORT', 'EMULATOR_CANCEL_MS', 'LOG_LEVEL'],
    codes: [65, 69, 78],
  },
  build: { codes: [65] },
  check: { variables: ['NO_COLOR'], codes: [1] },
  emulator: {
    variables: ['PORT', 'HOST', 'SECRET_ID', 'SECRET_KEY', 'CANCEL_MS'].map((n) => `EMULATOR_${n}`),
    codes: [69, 78],
  },
  key: {},
  token: { variables: ['GATEWAY_JWT_SECRET'], codes: [65, 66] },
  webhook: { variables: ['GATEWAY_WEBHOOK_SECRET'], codes: [1, 65, 69] },
  doctor: { variables: ['NO_COLOR'], codes: [69, 71, 75, 77, 78] },
  deploy: {
    variables: ['TENCENTCLOUD_SECRET_ID', 'SCF_ENDPOINT', 'STAGE', 'DLC_REGION', 'SCF_ROLE'],
    codes: [65, 66, 69, 75, 76, 77, 78],
  },
  simulate: { codes: [73] },
  bench: { codes: [69] },
  budgets: { codes: [1, 65] },
};
const JEST = new Set(['test', 'test:browser']);

const { scripts }: { scripts: Record<string, string> } = JSON.parse(
  readFileSync('package.json', 'utf8'),
);
/** What Node is started with. */
const argumentsOf = (name: string): string[] => (scripts[name] ?? '').split(' ').slice(1);
const here = Object.keys(TOOLS).filter((name) => name in scripts);

it('are all in the table', () => {
  const ours = Object.keys(scripts).filter((name) => !JEST.has(name));
  expect(new Set(ours)).toEqual(new Set(Object.keys(TOOLS)));
  for (const name of ours) expect(scripts[name]).toMatch(/^node /);
});

/** Colours are wished for, but there is no terminal. */
const env = { FORCE_COLOR: '1', TERM: 'xterm-256color' };

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

/** The codes in the last section of a --help, which must come in order. */
function codesIn(help: string): number[] {
  const [, section = ''] = /^Exit codes\n((?: {2}\d+ +.*\n)+)$/m.exec(help) ?? [];
  const codes = [...section.matchAll(/^ {2}(\d+)/gm)].map(([, code]) => Number(code));
  expect(codes).toEqual(codes.toSorted((a, b) => a - b));
  return codes;
}

describe.each(here)('npm run %s', (name) => {
  it('explains itself, refuses what it does not know, and takes no offence at a pipe', async () => {
    const help = await expectManners(argumentsOf(name));
    expect(help).toContain(name === 'start' ? '\n  npm start\n' : `npm run ${name}`);
    expect(help).toContain('--help');
    const { variables = [], codes = [] } = TOOLS[name] ?? {};
    expect(help).toMatch(/^Options\n(?:.*\n)*? {2}-h, --help +this text\n(?:.*\n)*Environment\n/m);
    for (const variable of variables) expect(help).toMatch(new RegExp(`\\b${variable}\\b`));
    expect(new Set(codesIn(help))).toEqual(new Set([0, 64, 70, 74, 130, ...codes]));
    for (const code of codesIn(help).slice(1)) expect(Object.values(EXIT)).toContain(code);
  });
});

it('dist/server.js has the same manners', async () => {
  // To it, a stdout that nobody reads is a log that nobody reads.
  const help = await expectManners([path.join(await built(), 'server.js')], 74);
  expect(codesIn(help)).toEqual([0, 64, 69, 70, 74, 78]);
  expect(help).toMatch(/^ {2}PORT, HOST /m);
});

describe('stdout', () => {
  it('has results alone, stderr the progress', async () => {
    const ran = await runScript('build', [], { env });
    expect(ran.exitCode).toBe(0);
    expect(ran.stdout).toMatch(/^(dist\/\S+ {2}\d+ KB\n){8}$/);
    expect(ran.stderr).toBe('Building dist/ …\nPacking it …\n');
  });

  it.each([
    ['key', ['--id', 'a']],
    ['token', ['--new-secret']],
    ['webhook', ['--new-secret']],
    ['doctor', ['--no-cancel']],
  ])('of npm run %s has no colours where it is piped', async (name, args) => {
    const { stdout, stderr } = await runScript(name, args, { env });
    expect(stdout).not.toBe('');
    expect(stdout + stderr).not.toContain('\u001b');
  });

  it('that nobody reads any more ends what only prints', async () => {
    const ran = await runScript('simulate', [], { isUnread: true });
    expect(ran).toMatchObject({ exitCode: 0, stderr: '' });
  });

  it('that nobody reads changes no exit code', async () => {
    const ran = await runScript('doctor', [], { isUnread: true });
    expect(ran).toMatchObject({ exitCode: 78, stderr: '' });
  });
});

it('Ctrl-C ends a tool at once, with 130 and without a word', async () => {
  const silent = net.createServer().listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const REDIS_URL = `redis://127.0.0.1:${portOf(silent)}`;
  const entry = { id: 'a', sha256: 'a'.repeat(64), scopes: ['tasks:cancel'] };
  const settings = { DLC_REGION: 'ap-guangzhou', API_KEYS: JSON.stringify([entry]), REDIS_URL };
  const connected = once(silent, 'connection');
  const child = spawn(process.execPath, ['--import', 'tsx', 'scripts/doctor.ts'], {
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

describe('an error that nobody foresaw', () => {
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

  it('of another kind is a mistake of the tool, and 70', () => {
    const { exitCode, message } = endingOf(new TypeError('x is not a function'));
    expect(exitCode).toBe(70);
    expect(message).toMatch(/^TypeError: x is not.*\n {4}at [^]*please report it, with the above/);
  });
});

describe('the line of progress', () => {
  const shown = (terminal: object, variables = {}): string[] => {
    const written: string[] = [];
    const tell = progressLine(
      { ...terminal, write: (text: string) => written.push(text) },
      variables,
    );
    for (const text of ['', 'a long one', 'b', '', '']) tell(text);
    return written;
  };

  it('is one that changes, and goes, on a terminal', () => {
    expect(shown({ isTTY: true, columns: 5 })).toEqual(
      ['a lo', 'b', ''].map((text) => `\r\u001b[K${text}`),
    );
  });

  it('is not there where there is none', () => {
    expect(shown({})).toEqual([]);
    expect(shown({ isTTY: true }, { TERM: 'dumb' })).toEqual([]);
  });
});
