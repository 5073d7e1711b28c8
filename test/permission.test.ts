import { describe, expect, it } from '@jest/globals';

import type { Emulator } from '../emulator/emulator.ts';
import { onEmulator } from './support/emulator.ts';
import { bearer, jwtIssuer, KEY, keyEntry, startGateway } from './support/three-callers.ts';

let emulator: Emulator;
onEmulator(
  [
    { id: 'mine', state: 'running', engine: 'etl' },
    { id: 'other', state: 'running', engine: 'reports' },
  ],
  (started) => void (emulator = started),
);

const start = (settings: Record<string, string>) => startGateway(emulator.port, settings);
const withKey = (members: object) => start({ API_KEYS: JSON.stringify([keyEntry(KEY, members)]) });
const key = [['X-API-Key', KEY]] as const;
const cancelled = (): string[] => [...emulator.stats().cancelled];

describe('a scope', () => {
  it('that is lacking is a 403 that names it, and nothing is asked of DLC', async () => {
    const gateway = withKey({ scopes: ['tasks:read'] });
    const response = await gateway.send('DELETE', '/tasks/mine', key);
    expect(response).toMatchObject({ status: 403, body: { code: 'insufficient-scope' } });
    expect(response.headers['WWW-Authenticate']).toBe(
      'Bearer realm="dlc-task-gateway", error="insufficient_scope", scope="tasks:cancel"',
    );
    expect(emulator.stats().calls).toMatchObject({ CancelTask: 0, DescribeTasks: 0 });
  });

  it('is refused before an id that is no id: nobody without it learns what is valid', async () => {
    const gateway = withKey({ scopes: ['tasks:read'] });
    expect(await gateway.send('DELETE', '/tasks/%00', key)).toMatchObject({ status: 403 });
  });

  it('of a token may stand in scope or scp, as text or as a list', async () => {
    const gateway = start({});
    for (const claims of [
      { scope: 'openid tasks:read' },
      { scp: ['tasks:read'] },
      { scope: 'tasks:cancel', scp: 'tasks:read' },
    ]) {
      expect(await gateway.send('GET', '/tasks/mine', [bearer(claims)])).toMatchObject({
        status: 200,
      });
    }
    expect(await gateway.send('GET', '/tasks/mine', [bearer({})])).toMatchObject({ status: 403 });
  });
});

describe('a blocked principal', () => {
  it.each([
    ['key:k', key],
    ['jwt:idp:sub:alice', [bearer({ scope: 'tasks:cancel' })]],
  ])('%s is refused at once', async (principal, headers) => {
    const gateway = start({ BLOCKED_PRINCIPALS: `key:nobody, ${principal}` });
    const response = await gateway.send('DELETE', '/tasks/mine', headers);
    expect(response).toMatchObject({ status: 403, body: { code: 'principal-blocked' } });
    expect(cancelled()).toEqual([]);
  });
});

describe('a blocked principal with a comma in its name', () => {
  it('is refused where the list is JSON', async () => {
    const gateway = start({ BLOCKED_PRINCIPALS: '["jwt:idp:sub:a,b"]' });
    const send = (sub: string) =>
      gateway.send('DELETE', '/tasks/mine', [bearer({ sub, scope: 'tasks:cancel' })]);
    expect(await send('a,b')).toMatchObject({ status: 403, body: { code: 'principal-blocked' } });
    expect(await send('a')).toMatchObject({ status: 202 });
  });
});

describe('regions of an entry', () => {
  it('narrow a key to them', async () => {
    const gateway = withKey({ regions: ['ap-singapore'] });
    const inDefault = await gateway.send('DELETE', '/tasks/mine', key);
    expect(inDefault).toMatchObject({ status: 403, body: { code: 'task-not-permitted' } });
    expect(cancelled()).toEqual([]);
    const inTheirs = await gateway.send('DELETE', '/tasks/mine?region=ap-singapore', key);
    expect(inTheirs).toMatchObject({ status: 202, body: { region: 'ap-singapore' } });
  });
});

describe('engines of an entry', () => {
  it.each(['etl', 'by id'])('let through a task on one of them (%s)', async (name) => {
    const engines = [name === 'etl' ? 'etl' : engineIdOf('mine')];
    const gateway = withKey({ engines });
    expect(await gateway.send('DELETE', '/tasks/mine', key)).toMatchObject({ status: 202 });
    expect(cancelled()).toEqual(['mine']);
  });

  it('refuse a task on another engine and a task that is not there alike', async () => {
    const gateway = withKey({ engines: ['etl'] });
    const bodies = await Promise.all(
      ['other', 'absent'].map(async (id) => {
        const { status, body } = await gateway.send('DELETE', `/tasks/${id}`, key);
        const { requestId: _, taskId: __, ...rest } = body;
        return { status, rest };
      }),
    );
    expect(bodies[0]).toMatchObject({ status: 403, rest: { code: 'task-not-permitted' } });
    expect(bodies[1]).toEqual(bodies[0]);
    expect(cancelled()).toEqual([]);
  });

  it.each([
    ['InternalError', 503, 'permission-check-unavailable'],
    ['RequestLimitExceeded', 503, 'permission-check-unavailable'],
    ['UnauthorizedOperation', 502, 'upstream-credentials-rejected'],
    ['AuthFailure.TokenFailure', 502, 'upstream-credentials-rejected'],
  ])('fail closed where DLC answers %s', async (code, status, problem) => {
    await emulator.addFault({ action: 'DescribeTasks', kind: 'code', code, times: 'always' });
    const response = await withKey({ engines: ['etl'] }).send('DELETE', '/tasks/mine', key);
    expect(response).toMatchObject({ status, body: { code: problem } });
    expect(response.headers['Retry-After']).toBe(status === 503 ? '2' : undefined);
    expect(cancelled()).toEqual([]);
  });

  it('of a token are refused where the lookup is off: nobody can know', async () => {
    const grant = { type: 'dlc_task', actions: ['cancel'], identifier: 'mine', engines: ['etl'] };
    const response = await start({ TASK_STATE_LOOKUP: 'off' }).send('DELETE', '/tasks/mine', [
      bearer({ authorization_details: [grant] }),
    ]);
    expect(response).toMatchObject({ status: 403, body: { code: 'task-not-permitted' } });
    expect(emulator.stats().calls.DescribeTasks).toBe(0);
  });

  it('of issuer and token both have to be met', async () => {
    const grant = { type: 'dlc_task', actions: ['cancel'], identifier: 'mine', engines: ['etl'] };
    const token = [bearer({ authorization_details: [grant] })];
    const narrowed = start({ JWT_ISSUERS: JSON.stringify([jwtIssuer({ engines: ['reports'] })]) });
    expect(await narrowed.send('DELETE', '/tasks/mine', token)).toMatchObject({ status: 403 });
    expect(cancelled()).toEqual([]);
    expect(await start({}).send('DELETE', '/tasks/mine', token)).toMatchObject({ status: 202 });
  });
});

describe('a token for one task', () => {
  const forMine = (members: object = {}) => ({
    type: 'dlc_task',
    actions: ['cancel'],
    identifier: 'mine',
    ...members,
  });
  const send = (details: unknown, target: string, method = 'DELETE') =>
    start({}).send(method, target, [
      bearer({ authorization_details: details, scope: 'tasks:cancel tasks:read' }),
    ]);

  it('is good for that task', async () => {
    expect(await send([forMine()], '/tasks/mine')).toMatchObject({ status: 202 });
    expect(cancelled()).toEqual(['mine']);
  });

  it('is good for no other task, whatever scope it has beside', async () => {
    const response = await send([forMine()], '/tasks/other');
    expect(response).toMatchObject({ status: 403, body: { code: 'task-not-permitted' } });
  });

  it('is good for no other action', async () => {
    const response = await send([forMine()], '/tasks/mine', 'GET');
    expect(response).toMatchObject({ status: 403, body: { code: 'insufficient-scope' } });
  });

  it('is good in no other region than it says', async () => {
    const details = [forMine({ regions: ['ap-singapore'] })];
    expect(await send(details, '/tasks/mine')).toMatchObject({ status: 403 });
    expect(await send(details, '/tasks/mine?region=ap-singapore')).toMatchObject({ status: 202 });
  });

  it.each([
    ['no list', {}],
    ['an entry that is text', ['dlc_task']],
    ['an entry without a task', [{ type: 'dlc_task', actions: ['cancel'] }]],
    ['one bad entry beside a good one', [forMine(), forMine({ actions: ['destroy'] })]],
    ['a restriction that is not known', [forMine({ until: 'tomorrow' })]],
  ])('that is malformed (%s) permits nothing at all', async (_, details) => {
    const response = await send(details, '/tasks/mine');
    expect(response).toMatchObject({ status: 403, body: { code: 'insufficient-scope' } });
    expect(cancelled()).toEqual([]);
  });
});

function engineIdOf(id: string): string {
  const found = emulator.task(id);
  const named: unknown =
    found && Object.entries(found).find(([name]) => /engineId/i.test(name))?.[1];
  return typeof named === 'string' ? named : 'DataEngine-etl';
}

describe('an owner', () => {
  /** Every task of the emulator is this account's. */
  const UIN = '100004561234';
  const issuer = (members: object) =>
    start({ JWT_ISSUERS: JSON.stringify([jwtIssuer({ owner: '/uin', ...members })]) });

  it('of a key permits the tasks of that account alone', async () => {
    const send = (owner: string) => withKey({ owner }).send('DELETE', '/tasks/mine', key);
    expect(await send(UIN)).toMatchObject({ status: 202 });
    expect(await send('100')).toMatchObject({ status: 403, body: { code: 'task-not-permitted' } });
    expect(cancelled()).toEqual(['mine']);
  });

  it('in a claim permits the tasks of that account alone, and is never shown', async () => {
    const gateway = issuer({});
    const send = (uin: unknown, task = 'mine') =>
      gateway.send('GET', `/tasks/${task}`, [bearer({ scope: 'tasks:read', uin })]);
    const response = await send(Number(UIN));
    expect(response).toMatchObject({ status: 200, body: { state: 'running' } });
    expect(response.text).not.toContain(UIN);
    const refusals = [await send('1'), await send(undefined), await send(UIN, 'nobodys')];
    const { taskId: _, requestId: __, ...first } = refusals[0]?.body ?? {};
    for (const { status, body } of refusals)
      expect({ status, body }).toMatchObject({ status: 403, body: first });
  });

  it('of one grant never goes with the engine of another', async () => {
    const grants = [
      { when: { '/roles': 'own' }, scopes: ['tasks:cancel'], engines: ['reports'] },
      { when: { '/roles': 'etl' }, scopes: ['tasks:read'], engines: ['etl'] },
    ];
    const gateway = issuer({ grants });
    const token = [bearer({ roles: ['own', 'etl'], uin: UIN })] as const;
    expect(await gateway.send('DELETE', '/tasks/mine', token)).toMatchObject({ status: 403 });
    expect(await gateway.send('GET', '/tasks/other', token)).toMatchObject({ status: 403 });
    expect(await gateway.send('DELETE', '/tasks/other', token)).toMatchObject({ status: 202 });
    expect(await gateway.send('GET', '/tasks/mine', token)).toMatchObject({ status: 200 });
  });
});
