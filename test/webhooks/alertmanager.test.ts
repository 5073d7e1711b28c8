import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { startEmulator, type Emulator } from '../../emulator/emulator.ts';
import { freePort } from '../support/free-port.ts';
import { describeWith, type Need } from '../support/needs.ts';
import {
  run,
  startServer,
  type ListeningServer,
  type LoggingProcess,
} from '../support/processes.ts';
import { digest } from '../support/senders.ts';

/** The real Alertmanager, against the built server: what it sends, when it repeats, when it stops. */

const SECRET = 'a-secret-of-the-alertmanager';
const PROGRAM = 'prometheus-alertmanager' satisfies Need;

let emulator: Emulator;
let server: ListeningServer;
let folder: string;
let alertmanager: LoggingProcess;
let api: string;

/** Groups by the alert's name, and flushes a group at once. */
const configuration = (id: string, auth: string): string => `
route: { receiver: cancel, group_by: [alertname], group_wait: 0s, group_interval: 5s }
receivers:
  - name: cancel
    webhook_configs:
      - url: http://127.0.0.1:${server.port}/webhooks/${id}
        http_config: ${auth}
`;

async function start(id: string, auth: string): Promise<void> {
  const file = path.join(folder, 'alertmanager.yml');
  await writeFile(file, configuration(id, auth));
  const port = await freePort();
  api = `http://127.0.0.1:${port}`;
  alertmanager = run(
    {},
    [
      `--config.file=${file}`,
      `--storage.path=${folder}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--cluster.listen-address=',
    ],
    { command: PROGRAM },
  );
  await eventually(async () => (await fetch(`${api}/-/ready`)).ok);
}

/** Waits until something holds; a minute at most. */
async function eventually(holds: () => Promise<boolean> | boolean): Promise<void> {
  const end = Date.now() + 60_000;
  while (
    !(await Promise.resolve()
      .then(holds)
      .catch(() => false))
  ) {
    if (Date.now() > end) throw new Error(`in vain: ${alertmanager.output.stderr}`);
    await sleep(50);
  }
}

async function alert(...alerts: readonly { id: string; isOver?: boolean }[]): Promise<void> {
  const now = Date.now();
  const body = alerts.map(({ id, isOver }) => ({
    labels: { alertname: 'QueryTooLong', dlc_task_id: id },
    startsAt: new Date(now - 60_000).toISOString(),
    ...(isOver && { endsAt: new Date(now - 1000).toISOString() }),
  }));
  const headers = { 'Content-Type': 'application/json' };
  const sent = { method: 'POST', headers, body: JSON.stringify(body) };
  expect((await fetch(`${api}/api/v2/alerts`, sent)).status).toBe(200);
}

/** The statuses of the gateway's responses to deliveries, in order. */
const statuses = (): unknown[] =>
  server
    .lines()
    .filter(({ event, route }) => event === 'request' && route === '/webhooks/{senderId}')
    .map(({ status }) => status);

const BEARER = `{ authorization: { credentials: ${SECRET} } }`;
const BASIC = `{ basic_auth: { username: am, password: ${SECRET} } }`;

describeWith([PROGRAM], 'Alertmanager', () => {
  beforeAll(async () => {
    emulator = await startEmulator({ cancelMs: 0, rate: 1e6 });
  });
  afterAll(() => emulator.close());
  beforeEach(async () => {
    await emulator.reset();
    emulator.addTasks(['one', 'two'].map((id) => ({ id, state: 'running' as const })));
    folder = await mkdtemp(path.join(tmpdir(), 'alertmanager-'));
    server = await startServer({
      DLC_REGION: 'ap-guangzhou',
      DLC_ENDPOINT: emulator.url,
      TENCENTCLOUD_SECRETID: emulator.secretId,
      TENCENTCLOUD_SECRETKEY: emulator.secretKey,
      MAX_ATTEMPTS: '1',
      WEBHOOK_SENDERS: JSON.stringify([
        { id: 'bearer', kind: 'alertmanager', sha256: [digest(SECRET)] },
        { id: 'basic', kind: 'alertmanager', via: 'basic', sha256: [digest(`am:${SECRET}`)] },
      ]),
    });
  });
  afterEach(async () => {
    alertmanager.child.kill('SIGKILL');
    await alertmanager.ended;
    await server.stop();
    await rm(folder, { recursive: true });
  });

  const cancelled = (): readonly string[] => [...emulator.stats().cancelled].toSorted();

  it('sends a group with a token: each firing task is cancelled', async () => {
    await start('bearer', BEARER);
    await alert({ id: 'one' }, { id: 'two' });
    await eventually(() => statuses().length === 1);
    expect(statuses()).toEqual([200]);
    expect(cancelled()).toEqual(['one', 'two']);
  });

  it('sends with a password; what is over cancels nothing', async () => {
    await start('basic', BASIC);
    await alert({ id: 'one' });
    await eventually(() => cancelled().length === 1);
    await emulator.reset();
    emulator.addTasks({ id: 'one', state: 'running' });
    await alert({ id: 'one', isOver: true });
    await eventually(() => statuses().length > 1);
    expect(statuses()).toEqual([200, 200]);
    expect(cancelled()).toEqual([]);
  });

  it('repeats a 503 until the task is cancelled', async () => {
    await emulator.addFault({
      action: 'CancelTask',
      kind: 'code',
      code: 'LimitExceeded',
      times: 2,
    });
    await start('bearer', BEARER);
    await alert({ id: 'one' });
    await eventually(() => statuses().includes(200));
    expect(cancelled()).toEqual(['one']);
    expect(statuses()).toEqual([503, 503, 200]);
  });

  it('gives up at a 401', async () => {
    await start('bearer', BASIC);
    await alert({ id: 'one' });
    const failed = /^alertmanager_notifications_failed_total\{integration="webhook".*\} [1-9]/m;
    await eventually(async () => failed.test(await (await fetch(`${api}/metrics`)).text()));
    expect(statuses()).toEqual([401]);
    expect(cancelled()).toEqual([]);
  });
});
