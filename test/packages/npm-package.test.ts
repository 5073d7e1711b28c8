import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

import { projectRoot } from '../support/checkout.ts';
import { readDocument } from '../support/documents.ts';
import { freePort } from '../support/free-port.ts';
import { send } from '../support/http-client.ts';
import { keyEntry } from '../support/key-entry.ts';
import { itWith, NEEDS_TOOLS } from '../support/needs.ts';
import { until } from '../support/until.ts';
import { makeWorkingCopy } from '../support/working-copy.ts';

/** What `npm pack` makes: installed in an empty folder, without a registry, and used there. */

const run = promisify(execFile);
const { version }: { version: string } = JSON.parse(
  readFileSync(path.join(projectRoot, 'package.json'), 'utf8'),
);

let folder: string;
let command: string;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'dlc-package-'));
  const copy = makeWorkingCopy();
  try {
    const args = ['pack', '--silent', '--pack-destination', folder];
    const { stdout } = await run('npm', args, { cwd: copy.folder });
    // For scripts: the build says nothing on stdout.
    expect(stdout).toBe(`dlc-task-gateway-${version}.tgz\n`);
  } finally {
    copy.remove();
  }
  const offline = ['--offline', '--no-audit', '--no-fund', '--prefix', folder];
  await run('npm', ['install', ...offline, `./dlc-task-gateway-${version}.tgz`], { cwd: folder });
  command = path.join(folder, 'node_modules/.bin/dlc-task-gateway');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const PATH = process.env['PATH'] ?? '';
const call = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  run(command, args, { cwd: folder, env: { PATH, HOME: folder, ...env } });

describe('the package', () => {
  it('brings nothing with it but itself', () => {
    const installed = readdirSync(path.join(folder, 'node_modules'));
    expect(installed.filter((name) => !name.startsWith('.'))).toEqual(['dlc-task-gateway']);
  });

  it('starts the gateway, the emulator and the playground, and cancels a task', async () => {
    const [PORT, EMULATOR_PORT, PLAYGROUND_PORT] = await Promise.all([
      freePort(),
      freePort(),
      freePort(),
    ]);
    const ports = Object.fromEntries(
      Object.entries({ PORT, EMULATOR_PORT, PLAYGROUND_PORT }).map(([name, port]) => [
        name,
        String(port),
      ]),
    );
    const child = spawn(command, ['start'], {
      cwd: folder,
      env: { PATH, ...ports },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    await until(() => output.includes('Ctrl-C ends'));
    const [key = ''] = /dlcgw_[\w-]+/.exec(output) ?? [];
    const sent = { method: 'DELETE', path: '/tasks/demo-queued', headers: { 'x-api-key': key } };
    expect(await send(PORT, sent)).toMatchObject({ status: 202 });
    for (const page of ['/', '/docs', '/reference.js']) {
      const response = await fetch(`http://127.0.0.1:${PLAYGROUND_PORT}${page}`);
      expect([page, response.status]).toEqual([page, 200]);
    }
    // The lines to try are ones of the package.
    expect(output).toContain('npx --no dlc-task-gateway token --issuer');
    expect(output).not.toContain('npm run');
    child.kill('SIGINT');
    expect(await once(child, 'close')).toEqual([0, null]);
  });

  it('serves with the settings of the shell', async () => {
    const server = spawn(command, ['serve'], {
      cwd: folder,
      env: { PATH, HOST: '127.0.0.1', PORT: '0', DLC_REGION: 'ap-guangzhou', API_KEYS: 'x' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    server.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    expect(await once(server, 'close')).toEqual([78, null]);
    expect(output).toContain('"event":"wrong-setting"');
  });

  it('has the other commands', async () => {
    const made = await call(['key', '--id', 'a', '--add-to', 'config/api-keys.json']);
    expect(made.stdout).toMatch(/dlcgw_[\w-]{43}/);
    const secret = 'a secret of more than 32 characters, for a test';
    const claims = ['--issuer', 'https://i.example', '--sub', 'me', '--task', 'a'];
    const token = await call(['token', ...claims], {
      GATEWAY_JWT_SECRET: secret,
    });
    expect(token.stdout).toMatch(/^eyJ/m);
    const failed: unknown = await call(['doctor']).catch((error: unknown) => error);
    expect(failed).toMatchObject({ stdout: expect.stringContaining('DLC_REGION: must be set') });
  });

  it('deploys: with its own serverless.yml, and the lists of the folder where it runs', async () => {
    const keys = { DLC_REGION: 'ap-guangzhou', API_KEYS: '@config/api-keys.json' };
    const dry = await call(['deploy', '--dry-run'], { ...keys, SCF_ROLE: 'r' });
    const requests: { action: string; input: { Code?: unknown } }[] = JSON.parse(dry.stdout);
    expect(requests.map(({ action }) => action)).toContain('CreateFunction');
    const missing: unknown = await call(['deploy', '--dry-run'], {
      ...keys,
      API_KEYS: '@config/none.json',
      SCF_ROLE: 'r',
    }).catch((error: unknown) => error);
    expect(missing).toMatchObject({
      code: 65,
      stderr: expect.stringContaining('config/none.json is not there'),
    });
    const args = ['deploy', '--dry-run', '--config', 'none.yml'];
    const other: unknown = await call(args, keys).catch((error: unknown) => error);
    expect(other).toMatchObject({
      code: 66,
      stderr: `${path.join(folder, 'none.yml')} cannot be read; --config names another file\n`,
    });
  });
});

/** Runs a module beside the package, with the settings of a function. @returns the lines that it writes, which are JSON */
async function runModule(source: string): Promise<unknown[]> {
  const file = path.join(folder, 'consumer.mjs');
  writeFileSync(file, source);
  const entry = keyEntry(KEY, { id: 'a', engines: ['*'] });
  const settings = { DLC_REGION: 'ap-guangzhou', API_KEYS: JSON.stringify([entry]) };
  const env = { PATH, ...settings, LOG_LEVEL: 'silent' };
  const { stdout } = await run(process.execPath, [file], { cwd: folder, env });
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}
const KEY = 'a-key-of-20-letters.';
const ORIGIN = 'https://app.example.org';
const EVENT = JSON.stringify({
  httpMethod: 'GET',
  path: '/tasks/a%20b',
  headers: { origin: ORIGIN, 'x-api-key': KEY },
  requestContext: {},
});

describe('its export', () => {
  it('is the handler, and a handler with middlewares around it', async () => {
    const [result] = await runModule(`
            import { createRequire } from 'node:module';
      import { createHandler, handler, main_handler } from 'dlc-task-gateway';
      const steps = [];
      const noting = (name) => ({
        before: () => void steps.push(name + ' before'),
        after: ({ response }) => void steps.push(name + ' after ' + response.statusCode),
      });
      await createHandler({ use: [noting('outer'), noting('inner')] })(${EVENT}, {});
      const required = createRequire(import.meta.url)('dlc-task-gateway');
      const same = [main_handler, required.handler].every((other) => other === handler);
      const plain = await Promise.all([handler(${EVENT}, {}), createHandler()(${EVENT}, {})]);
      console.log(JSON.stringify({ steps, same, plain: plain.map(({ statusCode }) => statusCode) }));
    `);
    expect(result).toEqual({
      steps: ['outer before', 'inner before', 'inner after 400', 'outer after 400'],
      same: true,
      plain: [400, 400],
    });
  });

  const middy = (name: string): string =>
    path.join(projectRoot, 'tools/node_modules/@middy', name, 'index.js');

  /** The module of the document, with middy's middlewares from where they are here. */
  const documented = (): string => {
    const text = readDocument('docs/package.md').blocks.find(
      ({ language }) => language === 'ts',
    )?.text;
    return String(text).replaceAll(/(?<=')@middy\/([\w-]+)(?=')/g, (_, name) => middy(name));
  };

  itWith([NEEDS_TOOLS], "gets along with middy's own middlewares", async () => {
    const lines = await runModule(`
      import cors from '${middy('http-cors')}';
      ${documented()}
      console.log(JSON.stringify(await handler({ source: 'serverless-plugin-warmup' }, {})));
      await handler(${EVENT}, {});
      const open = createHandler({ use: [cors({ origins: ['${ORIGIN}'] })] });
      console.log(JSON.stringify(await open(${EVENT}, {})));
    `);
    expect(lines).toEqual([
      'warmup',
      { event: expect.objectContaining({ path: '/tasks/a%20b' }) },
      { response: expect.objectContaining({ statusCode: 400 }) },
      expect.objectContaining({
        statusCode: 400,
        headers: expect.objectContaining({ 'Access-Control-Allow-Origin': ORIGIN }),
      }),
    ]);
    expect(JSON.stringify(lines)).not.toContain(KEY);
  });

  const tsc = (source: string): string => {
    const file = path.join(folder, 'consumer.mts');
    writeFileSync(file, source);
    const options = ['--noEmit', '--strict', '--module', 'nodenext', '--skipLibCheck', file];
    const compiler = path.join(projectRoot, 'node_modules/.bin/tsc');
    return execFileSync(compiler, options, { cwd: folder, encoding: 'utf8' });
  };

  it('has types', () => {
    const imports = "import { createHandler } from 'dlc-task-gateway';";
    const own =
      'createHandler({ use: [{ after: ({ response }) => response }] })({}).then((r) => r.body)';
    expect(tsc(`${imports} ${own};`)).toBe('');
    expect(() => tsc(`${imports} createHandler({ uses: [] });`)).toThrow();
  });

  itWith([NEEDS_TOOLS], "has types that take middy's", async () => {
    expect(tsc(documented())).toBe('');
  });
});
