import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { startPlayground, type Playground } from '../scripts/playground/server.ts';
import { startChromium, type Browser, type Page } from './support/chromium.ts';
import { startDemo, type Demo } from './support/demo.ts';
import { freePort } from './support/free-port.ts';
import { describeWith, itWith, NEEDS_BROWSER, NEEDS_TOOLS } from './support/needs.ts';
import { toolPath } from './support/tools.ts';

/** Every example of `examples/` against `npm start`, with what that prints, as their readers run them. */

const run = promisify(execFile);
const root = path.resolve(import.meta.dirname, '..');
const at = (name: string): URL => new URL(`../examples/${name}`, import.meta.url);
const TASK = 'demo-queued';

let demo: Demo;
let site: Playground;
let url: string;
let key: string;
let emulator: string;

beforeAll(async () => {
  const port = await freePort();
  demo = await startDemo({ CORS_ORIGINS: `http://127.0.0.1:${port}`, EMULATOR_CANCEL_MS: '100' });
  url = demo.find(/gateway +(\S+)/);
  key = demo.find(/X-API-Key: (\S+)'/);
  emulator = `${demo.find(/emulator +(\S+)/)}/_emulator`;
  const page = {
    '/browser.html': { type: 'text/html; charset=utf-8', content: at('browser.html') },
    '/browser.js': { type: 'text/javascript; charset=utf-8', content: at('browser.js') },
  };
  site = await startPlayground(port, page, url);
});
beforeEach(async () => {
  await control('POST', '/reset');
  await control(
    'POST',
    '/tasks',
    [TASK, demo.find(/Bearer \S+ \S+\/tasks\/(\S+)/)].map((id) => ({ id, state: 'running' })),
  );
});
afterAll(async () => {
  await site.close();
  expect(await demo.end('SIGTERM')).toBe(0);
});

/** Asks the emulator's control API. */
async function control(method: string, way: string, body?: object): Promise<unknown> {
  const response = await fetch(emulator + way, {
    method,
    ...(body && { body: JSON.stringify(body) }),
  });
  return response.status === 204 ? undefined : response.json();
}

/** Runs a script of `examples/`, which has to succeed. */
async function runExample(name: string, env: Readonly<Record<string, string>>): Promise<string> {
  const args = ['--import', 'tsx', fileURLToPath(at(name)), TASK];
  const settings = { PATH: process.env['PATH'], GATEWAY_URL: url, ...env };
  return (await run(process.execPath, args, { cwd: root, env: settings })).stdout;
}

it('node-service.ts cancels, and tries again after Retry-After', async () => {
  await control('POST', '/faults', { action: 'CancelTask', kind: 'code', code: 'ResourceInUse' });
  expect(await runExample('node-service.ts', { GATEWAY_API_KEY: key })).toBe('cancelled\n');
  expect(await control('GET', '/stats')).toMatchObject({ calls: { CancelTask: 2 } });
});

it('node-service.ts says why where it cannot', async () => {
  const failed = runExample('node-service.ts', { GATEWAY_API_KEY: 'another' });
  await expect(failed).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^unauthenticated: .+ \(request /),
  });
});

it('webhook-sender.ts cancels', async () => {
  const sent = await runExample('webhook-sender.ts', {
    GATEWAY_WEBHOOK_SECRET: demo.find(/GATEWAY_WEBHOOK_SECRET='(\S+)'/),
  });
  expect(sent).toMatch(/^202 .*"outcome":"cancel_requested"/);
});

itWith(['curl'], 'curl.sh cancels, and shows the state', async () => {
  const env = { PATH: process.env['PATH'], GATEWAY_URL: url, GATEWAY_API_KEY: key };
  const { stdout } = await run(fileURLToPath(at('curl.sh')), [TASK], { env });
  expect(stdout).toMatch(/"outcome":"cancelled"[^\n]*\n[^\n]*"state":"cancelled"/);
});

const TYPED = ['node-service.ts', 'cancel-many.ts'];

itWith([NEEDS_TOOLS], 'the document makes types that the clients compile with', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'client-'));
  try {
    await symlink(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
    for (const name of TYPED) await cp(at(name), path.join(folder, name));
    await writeFile(path.join(folder, 'package.json'), '{"type":"module"}');
    await writeFile(path.join(folder, 'wrong.ts'), WRONG);
    const types = path.join(folder, 'gateway-api.d.ts');
    await run(toolPath('openapi-typescript') ?? '', [`${url}/openapi.json`, '-o', types]);
    for (const name of TYPED) expect(await compile(folder, name)).toBe('');
    expect(await compile(folder, 'wrong.ts')).toMatch(/wrong\.ts\(5,.*'"upstream-gone"'/);
  } finally {
    await rm(folder, { recursive: true });
  }
});

/** The types know which codes a status has: this one is none of them. */
const WRONG = `import createClient from 'openapi-fetch';
import type { paths } from './gateway-api.d.ts';
const gateway = createClient<paths>();
const { error } = await gateway.DELETE('/tasks/{taskId}', { params: { path: { taskId: 'a' } } });
if (error?.code === 'upstream-gone') throw new Error();
export {};
`;

/** Gives what the compiler has to say. */
async function compile(folder: string, name: string): Promise<string> {
  const flags = '--strict --noEmit --target es2023 --module nodenext --skipLibCheck --types node';
  const options = [...flags.split(' '), '--allowImportingTsExtensions', name];
  const compiler = path.join(root, 'node_modules', '.bin', 'tsc');
  const ran = run(compiler, options, { cwd: folder });
  return ran.then(
    ({ stdout }) => stdout,
    ({ stdout }: { stdout: string }) => stdout,
  );
}

describeWith(NEEDS_BROWSER, 'in Chromium', () => {
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];
  beforeAll(async () => {
    browser = await startChromium();
    page = await browser.newPage();
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
  });
  afterAll(() => browser?.close());

  it('browser.html cancels with the token that npm start prints, and sees it end', async () => {
    complaints.length = 0;
    await page.goto(`${site.url}/browser.html`);
    await page.fill('[name=gateway]', url);
    await page.fill('[name=task]', demo.find(/Bearer \S+ \S+\/tasks\/(\S+)/));
    await page.fill('[name=token]', demo.find(/Bearer (\S+)'/));
    await page.click('button');
    await page.waitForSelector('output:text-is("cancelled")');
    expect(complaints).toEqual([]);
  });
});
