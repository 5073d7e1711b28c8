import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { startEmulator, type Emulator } from '../emulator/emulator.ts';
import { startPlayground, type Playground } from '../scripts/playground/server.ts';
import { referencePages } from '../scripts/playground/reference-pages.ts';
import { freePort } from './support/free-port.ts';
import { settingsFor } from './support/gateway.ts';
import { startServer, type ListeningServer } from './support/processes.ts';
import { bearer, jwtIssuer, KEY, keyEntry, WEBHOOK_SECRET } from './support/three-callers.ts';
import { startChromium, type Browser, type Page } from './support/chromium.ts';
import { NEEDS_BROWSER, describeWith, itWith, NEEDS_TOOLS } from './support/needs.ts';
import { toolPath } from './support/tools.ts';

/** Every example of `examples/` against the gateway as built and the emulator, as their readers run them. */

const run = promisify(execFile);
const root = path.resolve(import.meta.dirname, '..');
const at = (name: string): URL => new URL(`../examples/${name}`, import.meta.url);

let emulator: Emulator;
let site: Playground;
let server: ListeningServer;
let url: string;

beforeAll(async () => {
  emulator = await startEmulator({ cancelMs: 100, rate: 100_000 });
  // The page's policy names the gateway, and the gateway's settings name the page's origin.
  const port = await freePort();
  const settings = settingsFor(emulator, {
    CORS_ORIGINS: `http://127.0.0.1:${port}`,
    API_KEYS: JSON.stringify([keyEntry(KEY)]),
    JWT_ISSUERS: JSON.stringify([jwtIssuer()]),
    WEBHOOK_SENDERS: JSON.stringify([{ id: 'hub', secrets: [WEBHOOK_SECRET] }]),
  });
  server = await startServer(settings);
  url = `http://127.0.0.1:${server.port}`;
  const page = {
    '/browser.html': { type: 'text/html; charset=utf-8', content: at('browser.html') },
    '/browser.js': { type: 'text/javascript; charset=utf-8', content: at('browser.js') },
  };
  site = await startPlayground(port, { ...page, ...referencePages(url) }, [url]);
});
beforeEach(async () => {
  await emulator.reset();
  emulator.addTasks({ id: 'mine', state: 'running' });
});
afterAll(async () => {
  await server.stop();
  await site.close();
  await emulator.close();
});

/** Runs a script of `examples/`, which has to succeed. */
async function runExample(name: string, env: Readonly<Record<string, string>>): Promise<string> {
  const args = ['--import', 'tsx', fileURLToPath(at(name)), 'mine'];
  const settings = { PATH: process.env['PATH'], GATEWAY_URL: url, ...env };
  return (await run(process.execPath, args, { cwd: root, env: settings })).stdout;
}

it('node-service.ts cancels, and tries again after Retry-After', async () => {
  await emulator.addFault({ action: 'CancelTask', kind: 'code', code: 'ResourceInUse' });
  expect(await runExample('node-service.ts', { GATEWAY_API_KEY: KEY })).toBe('cancelled\n');
  expect(emulator.stats().calls.CancelTask).toBe(2);
});

it('node-service.ts says why where it cannot', async () => {
  const failed = runExample('node-service.ts', { GATEWAY_API_KEY: 'another' });
  await expect(failed).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^unauthenticated: .+ \(request /),
  });
});

it('webhook-sender.ts cancels', async () => {
  const sent = await runExample('webhook-sender.ts', { GATEWAY_WEBHOOK_SECRET: WEBHOOK_SECRET });
  expect(sent).toMatch(/^202 .*"outcome":"cancel_requested"/);
});

itWith(['curl'], 'curl.sh cancels, and shows the state', async () => {
  const env = { PATH: process.env['PATH'], GATEWAY_URL: url, GATEWAY_API_KEY: KEY };
  const { stdout } = await run(fileURLToPath(at('curl.sh')), ['mine'], { env });
  expect(stdout).toMatch(/"outcome":"cancelled"[^\n]*\n[^\n]*"state":"cancelled"/);
});

itWith(
  [NEEDS_TOOLS],
  'the document makes types that node-service.ts compiles with',
  async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'client-'));
    try {
      await symlink(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
      await cp(at('node-service.ts'), path.join(folder, 'node-service.ts'));
      await writeFile(path.join(folder, 'package.json'), '{"type":"module"}');
      await writeFile(path.join(folder, 'wrong.ts'), WRONG);
      const types = path.join(folder, 'gateway-api.d.ts');
      await run(toolPath('openapi-typescript') ?? '', [`${url}/openapi.json`, '-o', types]);
      expect(await compile(folder, 'node-service.ts')).toBe('');
      expect(await compile(folder, 'wrong.ts')).toMatch(/wrong\.ts\(5,.*'"upstream-gone"'/);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
  60_000,
);

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
  const asked = new Set<string>();
  beforeAll(async () => {
    browser = await startChromium();
    page = await browser.newPage();
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => asked.add(new URL(request.url()).origin));
  });
  afterAll(() => browser?.close());

  it('browser.html cancels with a token for one task, and sees it end', async () => {
    const grant = { type: 'dlc_task', actions: ['cancel', 'read'], identifier: 'mine' };
    const [, token] = bearer({ authorization_details: [grant] });
    await page.goto(`${site.url}/browser.html`);
    await page.fill('[name=gateway]', url);
    await page.fill('[name=task]', 'mine');
    await page.fill('[name=token]', token.replace('Bearer ', ''));
    await page.click('button');
    await page.waitForSelector('output:text-is("cancelled")');
    expect(emulator.task('mine')).toMatchObject({ state: 'cancelled' });
    expect(complaints).toEqual([]);
  });

  it('the API reference shows every operation, and nothing else is asked for', async () => {
    asked.clear();
    await page.goto(`${site.url}/docs`);
    await page.waitForSelector('.opblock >> nth=5');
    expect(complaints).toEqual([]);
    const others = [...asked].filter((origin) => ![site.url, url, 'null'].includes(origin));
    expect(others).toEqual([]);
  });
});
