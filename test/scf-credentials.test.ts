import { afterEach, describe, expect, it } from '@jest/globals';
import type { ServerResponse } from 'node:http';

import { startEmulator, type Emulator } from '../emulator/emulator.ts';
import { parseAuthorization, verifySignature } from '../emulator/signature.ts';
import { takeScfCredentials, toHeaderFields } from '../src/lib/http/message.ts';
import { SCF_CONTEXT } from './support/both-ways.ts';
import { KEYS, settingsFor } from './support/gateway.ts';
import { exchangeRaw } from './support/http-client.ts';
import { startFunction, startServer, type ListeningServer } from './support/processes.ts';
import { OK, reply, startUpstream } from './support/upstream-server.ts';

/** `CLOUD_CREDENTIALS=scf-headers`: the credentials that SCF puts into the requests of a web function. */

interface Role {
  readonly id: string;
  readonly key: string;
  readonly token: string;
}
const role = (name: string): Role => ({
  id: `AKID-planted-${name}`,
  key: `planted-key-of-${name}`,
  token: `planted-token-of-${name}`,
});
const FRESH = role('fresh');
const EXPIRED = role('expired');

type Field = [name: string, value: string];
const fieldsOf = ({ id, key, token }: Role): Record<keyof Role, Field> => ({
  id: ['X-Scf-Secret-Id', id],
  key: ['X-Scf-Secret-Key', key],
  token: ['X-Scf-Session-Token', token],
});
const inHeaders = (one: Role): Field[] => Object.values(fieldsOf(one));
const inEnvironment = ({ id, key, token }: Role) => ({
  TENCENTCLOUD_SECRETID: id,
  TENCENTCLOUD_SECRETKEY: key,
  TENCENTCLOUD_SESSIONTOKEN: token,
});
const NOTHING = inEnvironment({ id: '', key: '', token: '' });
const ON = { TENCENTCLOUD_RUNENV: 'SCF', CLOUD_CREDENTIALS: 'scf-headers', LOG_LEVEL: 'debug' };

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

/** DLC takes the fresh credentials alone. */
async function startDlc(): Promise<Emulator> {
  const { id: secretId, key: secretKey, token } = FRESH;
  const dlc = await startEmulator({ secretId, secretKey, token, cancelMs: 60_000, rate: 1e6 });
  closing.push(() => dlc.close());
  dlc.addTasks(['a', 'b', 'c'].map((id) => ({ id, state: 'running' })));
  return dlc;
}

async function startGateway(
  url: string,
  env: Readonly<Record<string, string>>,
  options: readonly string[] = [],
): Promise<ListeningServer> {
  const settings = settingsFor({ url, secretId: '', secretKey: '' });
  const server = await startServer({ ...settings, ...env }, options);
  closing.push(() => server.stop());
  return server;
}

/** Sends each field as it stands, a repeated one too. */
async function ask(port: number, method: string, path: string, headers: Field[]) {
  const fields: Field[] = [
    ['Host', 'gateway.example'],
    ['Connection', 'close'],
    ['X-API-Key', KEYS.both],
    ...headers,
  ];
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`);
  const [response] = await exchangeRaw(
    port,
    `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`,
    '',
  );
  if (!response) throw new Error('no answer');
  return response;
}
const cancel = (port: number, id: string, headers: Field[]) =>
  ask(port, 'DELETE', `/tasks/${id}`, headers);

const usersOf = (dlc: Emulator) =>
  dlc.requests().map(({ action, outcome }) => `${action}: ${outcome}`);
const auditOf = ({ lines }: ListeningServer, taskId: string) =>
  lines()
    .filter((line) => line['event'] === 'audit' && line['taskId'] === taskId)
    .map(({ phase, credentials }) => [phase, credentials]);

describe('on SCF, with the setting', () => {
  it('a request brings fresh credentials in place of expired ones, which are not tried again', async () => {
    const dlc = await startDlc();
    const server = await startGateway(dlc.url, { ...ON, ...inEnvironment(EXPIRED) });
    expect((await cancel(server.port, 'a', inHeaders(FRESH))).status).toBe(202);
    expect(usersOf(dlc)).toEqual(['CancelTask: AuthFailure.SecretIdNotFound', 'CancelTask: ok']);
    expect((await cancel(server.port, 'b', inHeaders(FRESH))).status).toBe(202);
    expect(usersOf(dlc).slice(2)).toEqual(['CancelTask: ok']);
    expect(auditOf(server, 'a')).toEqual([
      ['intent', undefined],
      ['result', 'request'],
    ]);
    expect(auditOf(server, 'b')).toEqual([
      ['intent', 'request'],
      ['result', 'request'],
    ]);
    // Nobody lends the next request what this one brought.
    const without = await cancel(server.port, 'c', []);
    expect([without.status, JSON.parse(without.text).code]).toEqual([
      502,
      'upstream-credentials-rejected',
    ]);
    expect(auditOf(server, 'c')).toEqual([
      ['intent', undefined],
      ['result', undefined],
    ]);
  });

  it.each(['/readyz', '/tasks/a', '/tasks'])('the same for GET %s', async (path) => {
    const dlc = await startDlc();
    const server = await startGateway(dlc.url, { ...ON, ...inEnvironment(EXPIRED) });
    expect((await ask(server.port, 'GET', path, inHeaders(FRESH))).status).toBe(200);
    const refused = 'DescribeTasks: AuthFailure.SecretIdNotFound';
    expect(usersOf(dlc)).toEqual([refused, 'DescribeTasks: ok']);
  });

  it('the same for lookups, lists, batches and readiness, without any in the environment', async () => {
    const dlc = await startDlc();
    const server = await startGateway(dlc.url, { ...ON, ...NOTHING });
    const fresh = inHeaders(FRESH);
    expect((await ask(server.port, 'GET', '/readyz', [])).status).toBe(503);
    expect((await ask(server.port, 'GET', '/readyz', fresh)).status).toBe(200);
    expect((await ask(server.port, 'GET', '/tasks/a', fresh)).status).toBe(200);
    expect((await ask(server.port, 'GET', '/tasks', fresh)).status).toBe(200);
    const response = await fetch(`http://127.0.0.1:${server.port}/tasks:cancel`, {
      method: 'POST',
      headers: [['X-API-Key', KEYS.both], ['Content-Type', 'application/json'], ...fresh],
      body: JSON.stringify({ taskIds: ['a', 'b'] }),
    });
    expect([response.status, dlc.stats().cancelled]).toEqual([200, ['a', 'b']]);
    expect(usersOf(dlc).filter((one) => one !== 'DescribeTasks: ok')).toEqual([
      'CancelTask: ok',
      'CancelTask: ok',
    ]);
    expect(auditOf(server, 'b')).toEqual([
      ['intent', 'request'],
      ['result', 'request'],
    ]);
  });

  it('forged credentials count for nothing as long as DLC takes those of the environment', async () => {
    const dlc = await startDlc();
    const server = await startGateway(dlc.url, { ...ON, ...inEnvironment(FRESH) });
    expect((await cancel(server.port, 'a', inHeaders(role('forger')))).status).toBe(202);
    expect(usersOf(dlc)).toEqual(['CancelTask: ok']);
    expect(auditOf(server, 'a')).toEqual([
      ['intent', undefined],
      ['result', undefined],
    ]);
  });

  it.each([
    ['a clock that is wrong', 'AuthFailure.SignatureExpire'],
    ['a permission that is missing', 'AuthFailure.UnauthorizedOperation'],
  ])('%s does not make the environment’s credentials count as refused', async (_, code) => {
    const dlc = await startDlc();
    const server = await startGateway(dlc.url, { ...ON, ...inEnvironment(FRESH) });
    await dlc.addFault({ action: 'CancelTask', kind: 'code', code });
    expect((await cancel(server.port, 'a', inHeaders(role('forger')))).status).toBe(502);
    expect((await cancel(server.port, 'a', inHeaders(role('forger')))).status).toBe(202);
  });

  const { id, key, token } = fieldsOf(FRESH);
  const sets: [string, Field[]][] = [
    ['no id', [key, token]],
    ['no key', [id, token]],
    ['no token', [id, key]],
    ['an empty token', [id, key, ['X-Scf-Session-Token', '']]],
    ['two ids', [id, id, key, token]],
    ['two ids in one field', [['X-Scf-Secret-Id', `${id[1]}, ${id[1]}`], key, token]],
    ['two keys', [id, key, ['x-scf-secret-key', 'planted-other-key'], token]],
    ['two tokens', [id, key, token, token]],
  ];
  it.each(sets)('a set with %s counts as none', async (_, headers) => {
    const dlc = await startDlc();
    const server = await startGateway(dlc.url, { ...ON, ...NOTHING });
    expect((await cancel(server.port, 'a', headers)).status).toBe(500);
    expect(usersOf(dlc)).toEqual([]);
  });

  it('requests at once, each with other credentials, never use each other’s', async () => {
    const roles = Array.from({ length: 20 }, (_, i) => role(`request-${i}`));
    const wrong: unknown[] = [];
    const taken = new Set<string>();
    const held: ServerResponse[] = [];
    const dlc = await startUpstream((response) => {
      // All of them are in flight before the first has an answer.
      held.push(response);
      if (held.length === roles.length) for (const one of held) reply(one, OK);
    });
    closing.push(() => dlc.close());
    const server = await startGateway(`http://127.0.0.1:${dlc.port}`, { ...ON, ...NOTHING });
    const responses = await Promise.all(
      roles.map((one, i) => cancel(server.port, `task-${i}`, inHeaders(one))),
    );
    expect(responses.map(({ status }) => status)).toEqual(roles.map(() => 202));
    for (const { headers, body } of dlc.requests) {
      const { TaskId } = JSON.parse(body);
      const expected = roles[Number(String(TaskId).split('-')[1])];
      const authorization = parseAuthorization(headers.authorization);
      const signed = {
        method: 'POST',
        query: '',
        rawHeaders: Object.entries(headers).flatMap(([name, value]) => [name, String(value)]),
        body: Buffer.from(body),
      };
      const context = {
        secretKey: expected?.key ?? '',
        service: 'dlc',
        timestamp: String(headers['x-tc-timestamp']),
      };
      const isOwn =
        authorization !== undefined &&
        authorization.secretId === expected?.id &&
        headers['x-tc-token'] === expected.token &&
        verifySignature(signed, authorization, context);
      if (!isOwn) wrong.push([TaskId, authorization?.secretId]);
      taken.add(authorization?.secretId ?? '');
    }
    expect([wrong, taken.size]).toEqual([[], roles.length]);
  });

  it('no credentials are in the log, a response, a metric or the line of a crash', async () => {
    const dlc = await startDlc();
    const crash = "process.on('SIGUSR2', () => { throw new Error('a defect'); })";
    const server = await startGateway(
      dlc.url,
      {
        ...ON,
        ...inEnvironment(EXPIRED),
        METRICS_PORT: '0',
        ATTEMPT_TIMEOUT_MS: '60000',
        REQUEST_TIMEOUT_MS: '60000',
      },
      ['--import', `data:text/javascript,${encodeURIComponent(crash)}`],
    );
    const shown: string[] = [];
    for (const some of [FRESH, role('forger'), { ...FRESH, token: 'planted\u00ffunprintable' }]) {
      for (const path of [
        '/tasks/a',
        '/tasks/none',
        '/readyz',
        '/healthz',
        '/nowhere',
        '/tasks/%',
      ]) {
        for (const method of ['GET', 'DELETE']) {
          const response = await ask(server.port, method, path, inHeaders(some));
          shown.push(JSON.stringify(response));
        }
      }
    }
    const { port } = await server.logged(({ event }) => event === 'metrics-listening');
    shown.push(await (await fetch(`http://127.0.0.1:${Number(port)}/metrics`)).text());
    await dlc.addFault({ action: 'CancelTask', kind: 'delay', ms: 1000 });
    const last = cancel(server.port, 'c', inHeaders(FRESH));
    await server.logged(({ taskId, phase }) => taskId === 'c' && phase === 'intent');
    server.child.kill('SIGUSR2');
    shown.push(JSON.stringify(await last));
    expect(await server.ended).toBe(70);
    expect(server.lines()).toContainEqual(expect.objectContaining({ event: 'crash' }));
    shown.push(server.output.stdout, server.output.stderr);
    // What was looked for would have been found.
    expect(shown.join('\n')).toContain('gateway_');
    expect(shown.join('\n')).not.toMatch(/planted/);
  });
});

it('nothing that reads the fields later sees them, whole set or not', () => {
  const fields = inHeaders(FRESH);
  for (const some of [fields, fields.slice(1)]) {
    const headers = toHeaderFields([['Accept', '*/*'], ...some]);
    takeScfCredentials(headers);
    expect([...headers.keys()]).toEqual(['accept']);
  }
});

describe('credentials in header fields do nothing', () => {
  it.each([
    ['without the setting', { ...ON, CLOUD_CREDENTIALS: '' }],
    ['with the default', { ...ON, CLOUD_CREDENTIALS: 'environment' }],
    ['outside SCF', { ...ON, TENCENTCLOUD_RUNENV: '' }],
  ])('%s', async (_, env) => {
    const dlc = await startDlc();
    const server = await startGateway(dlc.url, { ...env, ...NOTHING });
    expect((await cancel(server.port, 'a', inHeaders(FRESH))).status).toBe(500);
    expect((await ask(server.port, 'GET', '/readyz', inHeaders(FRESH))).status).toBe(503);
    expect(usersOf(dlc)).toEqual([]);
  });

  it('in the event of an event function, whose platform puts none there', async () => {
    const dlc = await startDlc();
    const settings = settingsFor({ url: dlc.url, secretId: '', secretKey: '' });
    const fn = await startFunction({ ...settings, ...ON });
    closing.push(() => fn.stop());
    const headers = Object.fromEntries([...inHeaders(FRESH), ['x-api-key', KEYS.both]]);
    const event = { httpMethod: 'DELETE', path: '/tasks/a', headers, queryString: {}, body: '' };
    expect((await fn.invoke(event, SCF_CONTEXT)).statusCode).toBe(500);
    expect([usersOf(dlc), fn.output.stdout.includes('planted')]).toEqual([[], false]);
  });
});
