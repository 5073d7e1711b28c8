import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

import { startPlayground, type Playground } from '../scripts/playground/server.ts';
import { startChromium } from './support/chromium.ts';
import { startDemo, type Demo } from './support/demo.ts';
import { freePort } from './support/free-port.ts';
import { itWith, NEEDS_BROWSER } from './support/needs.ts';
import { bearer, jwtIssuer } from './support/three-callers.ts';

/** The examples of `examples/` that cancel several tasks, against `npm start`, as their readers run them. */

const run = promisify(execFile);
const root = path.resolve(import.meta.dirname, '..');
const at = (name: string): URL => new URL(`../examples/${name}`, import.meta.url);

let demo: Demo;
let site: Playground;
let url: string;
let key: string;

beforeAll(async () => {
  const port = await freePort();
  demo = await startDemo({
    CORS_ORIGINS: `http://127.0.0.1:${port}`,
    EMULATOR_CANCEL_MS: '0',
    JWT_ISSUERS: JSON.stringify([jwtIssuer()]),
  });
  url = demo.find(/gateway +(\S+)/);
  key = demo.find(/X-API-Key: (\S+)'/);
  const page = {
    '/tasks.html': { type: 'text/html; charset=utf-8', content: at('tasks.html') },
    '/tasks.js': { type: 'text/javascript; charset=utf-8', content: at('tasks.js') },
  };
  site = await startPlayground(port, page, url);
});
beforeEach(async () => {
  await control('/reset', {});
  await control('/tasks', [
    { id: 'a', state: 'running' },
    { id: 'b', state: 'running' },
    { id: 'c', state: 'succeeded' },
  ]);
});
afterAll(async () => {
  await site.close();
  expect(await demo.end('SIGTERM')).toBe(0);
});

/** Asks the emulator's control API. */
async function control(way: string, body?: object): Promise<Record<string, unknown>> {
  const emulator = `${demo.find(/emulator +(\S+)/)}/_emulator`;
  const init = body && { method: 'POST', body: JSON.stringify(body) };
  const response = await fetch(emulator + way, init);
  return response.status === 204 ? {} : Object(await response.json());
}
const cancelled = async (): Promise<unknown> => (await control('/stats'))['cancelled'];

const BUSY = { action: 'CancelTask', kind: 'code', code: 'ResourceInUse', taskId: 'a' } as const;
const CLIENTS = [
  ['cancel-many.ts', [process.execPath, '--import', 'tsx'], []],
  ['cancel_many.py', ['python3'], ['python3']],
] as const;

for (const [name, [program, ...args], needs] of CLIENTS) {
  const itRuns: typeof itWith = needs.length > 0 ? itWith : (_, ...test) => it(...test);
  const start = (env: Readonly<Record<string, string>>, ...ids: string[]) =>
    run(program, [...args, path.join('examples', name), ...ids], {
      cwd: root,
      env: { PATH: process.env['PATH'], GATEWAY_URL: url, ...env },
    });

  itRuns(needs, `${name} cancels a list, and tries again what was busy`, async () => {
    await control('/faults', BUSY);
    const { stdout } = await start({ GATEWAY_API_KEY: key }, 'a', 'b', 'a');
    expect(stdout.trim().split('\n').toSorted()).toEqual([
      'a cancel_requested',
      'b cancel_requested',
    ]);
    expect(await cancelled()).toEqual(['b', 'a']);
  });

  itRuns(needs, `${name} says which tasks it could not cancel, or why none`, async () => {
    await expect(start({ GATEWAY_API_KEY: key }, 'c', 'b')).rejects.toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/^c task-already-finished\nb cancel_requested\n$/),
    });
    await expect(start({ GATEWAY_API_KEY: 'another' }, 'b')).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/unauthenticated: /),
    });
  });
}

/** Of Airflow, what the example uses. */
const AIRFLOW = `class BaseOperator:
    def __init__(self, task_id):
        self.task_id = task_id

    def on_kill(self):
        print("killed", self.task_id)
`;
const DAG = `import logging, sys
from airflow_on_kill import RunOnDlc

logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(message)s")
ids = iter(sys.argv[1:])
operator = RunOnDlc(task_id="report", submit=lambda context: next(ids), wait=lambda task: "done")
for _ in sys.argv[1:]:
    print(operator.execute({}))
operator.on_kill()
`;

itWith(['python3'], 'airflow_on_kill.py cancels the tasks that it has started', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'airflow-'));
  try {
    await mkdir(path.join(folder, 'airflow', 'sdk'), { recursive: true });
    await writeFile(path.join(folder, 'airflow', '__init__.py'), '');
    await writeFile(path.join(folder, 'airflow', 'sdk', '__init__.py'), AIRFLOW);
    await writeFile(path.join(folder, 'dag.py'), DAG);
    const PYTHONPATH = [folder, path.join(root, 'examples')].join(':');
    const kill = (env: Readonly<Record<string, string>>, ...ids: string[]) =>
      run('python3', ['-B', path.join(folder, 'dag.py'), ...ids], {
        env: { PATH: process.env['PATH'], PYTHONPATH, GATEWAY_URL: url, ...env },
      });
    const { stdout } = await kill({ GATEWAY_API_KEY: key }, 'a', 'c');
    expect(stdout).toBe(
      'done\ndone\nDLC task a: cancel_requested\nDLC task c: task-already-finished\nkilled report\n',
    );
    expect(await cancelled()).toEqual(['a']);
    // The kill goes on without the gateway; so it does before anything was started.
    const env = { GATEWAY_API_KEY: key, GATEWAY_URL: 'http://127.0.0.1:9' };
    expect((await kill(env, 'b')).stdout).toMatch(
      /^done\nDLC tasks b may go on: .+\nkilled report\n$/,
    );
    expect((await kill(env)).stdout).toBe('killed report\n');
  } finally {
    await rm(folder, { recursive: true });
  }
});

itWith(NEEDS_BROWSER, 'tasks.html lists what runs, and stops what is checked', async () => {
  const browser = await startChromium();
  try {
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    await page.goto(`${site.url}/tasks.html`);
    const [, value] = bearer({ scope: 'tasks:read tasks:cancel' });
    await page.fill('[name=gateway]', url);
    await page.fill('[name=token]', value.replace('Bearer ', ''));
    await page.click('button[value=list]');
    await page.waitForSelector('output:text-is("2 tasks")');
    await page.check('[value=a]');
    await page.click('button[value=stop]');
    await page.waitForSelector('li:has([value=a]) span:text-is("cancel_requested")');
    expect(await cancelled()).toEqual(['a']);
    expect(complaints).toEqual([]);
  } finally {
    await browser.close();
  }
});
