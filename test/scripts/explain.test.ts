import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { startEmulator, type Emulator } from '../../emulator/emulator.ts';
import { authenticateAs, toExplanation } from '../../scripts/callers/explanation.ts';
import { inWords } from '../../scripts/callers/permission-words.ts';
import type { TaskFacts } from '../../src/lib/auth/principal.ts';
import type { Scope } from '../../src/lib/auth/principal.ts';
import { loadSettings } from '../../src/settings.ts';
import { bearer, jwtIssuer, KEY, keyEntry, startGateway } from '../support/three-callers.ts';
import { runScript } from './run-script.ts';

/** Every task of the emulator is this account's. */
const UIN = '100004561234';
const TASKS: Readonly<Record<string, string>> = { 'on-etl': 'etl', 'on-reports': 'reports' };
const NO_QUOTA = '999999/s';
const KEYS: Readonly<Record<string, object>> = {
  [KEY]: { id: 'all' },
  'a-key-of-its-own-for-one-engine': { id: 'etl', engines: ['etl'] },
  'a-key-of-its-own-for-one-owner': { id: 'own', owner: UIN, scopes: ['tasks:read'] },
  'a-key-of-its-own-for-another-owner': { id: 'other', owner: '7', engines: ['*'] },
  'a-key-of-its-own-that-is-blocked': { id: 'blocked' },
  'a-key-of-its-own-that-has-expired': { id: 'old', expires: '2020-01-01T00:00:00Z' },
};
const roles = (...names: string[]) => ({ '/roles': names });
const GRANTS = [
  { when: roles('admin'), scopes: ['tasks:cancel', 'tasks:read'] },
  { when: roles('etl', 'operator'), scopes: ['tasks:cancel'], engines: ['etl'] },
  { when: roles('own'), scopes: ['tasks:read', 'tasks:cancel'], owner: '/uin' },
  { when: roles('far'), scopes: ['tasks:read'], regions: ['ap-singapore'] },
];
const settings = {
  API_KEYS: JSON.stringify(
    Object.entries(KEYS).map(([key, entry]) => keyEntry(key, { rate: NO_QUOTA, ...entry })),
  ),
  JWT_ISSUERS: JSON.stringify([
    jwtIssuer({ rate: NO_QUOTA, id: 'idp', grants: GRANTS, require: { '/tid': 't' } }),
  ]),
  BLOCKED_PRINCIPALS: 'key:blocked, jwt:idp:sub:blocked',
  UPSTREAM_RATE: '1000000',
};

let emulator: Emulator;
beforeAll(async () => {
  emulator = await startEmulator({ cancelMs: 0, rate: 1e6 });
});
afterAll(() => emulator.close());

const anyOf = <T>(...values: readonly T[]) => fc.constantFrom(...values);
const details = fc.record({
  type: anyOf('dlc_task', 'payment'),
  actions: fc.uniqueArray(anyOf('cancel', 'read', 'else'), { minLength: 1 }),
  identifier: anyOf(...Object.keys(TASKS)),
  engines: anyOf(undefined, ['etl'], ['*']),
  regions: anyOf(undefined, ['ap-guangzhou']),
});
const someClaims = fc.record(
  {
    tid: fc.oneof(
      { weight: 9, arbitrary: anyOf('t') },
      { weight: 1, arbitrary: anyOf<unknown>('x', ['y']) },
    ),
    sub: fc.oneof(
      { weight: 9, arbitrary: anyOf('alice') },
      { weight: 1, arbitrary: anyOf<unknown>('blocked', '', 5) },
    ),
    roles: fc.oneof(
      fc.uniqueArray(anyOf('admin', 'etl', 'own', 'far', 'none')),
      anyOf<unknown>('admin', 'operator', [['admin']], null),
    ),
    uin: anyOf<unknown>(UIN, Number(UIN), '7', '', null, [UIN]),
    authorization_details: fc.oneof(fc.array(details, { maxLength: 2 }), anyOf(null, 'x')),
    cnf: fc.constant({}),
    aud: anyOf('dlc-task-gateway', 'elsewhere'),
  },
  { requiredKeys: ['tid', 'sub', 'roles'] },
);
const credential = fc.oneof(
  { weight: 1, arbitrary: anyOf(...Object.keys(KEYS), 'a-key-that-nobody-has', 'a.b.c') },
  { weight: 3, arbitrary: someClaims.map((some) => bearer(some)[1].replace('Bearer ', '')) },
);
const question = fc.record({
  credential,
  scope: anyOf<Scope>('tasks:cancel', 'tasks:read'),
  taskId: anyOf(...Object.keys(TASKS), 'nowhere'),
  region: anyOf('ap-guangzhou', 'ap-singapore'),
});

describe('explain', () => {
  it('says of every credential and task what the gateway does', async () => {
    const gateway = startGateway(emulator.port, settings);
    const config = loadSettings({ ...settings, DLC_REGION: 'ap-guangzhou' }, '/');
    emulator.addTasks(
      Object.entries(TASKS).map(([id, engine]) => ({
        id,
        engine,
        region: 'ap-guangzhou',
        state: 'running' as const,
      })),
    );
    const decisions = new Map<string, number>();
    const signal = new AbortController().signal;
    await fc.assert(
      fc.asyncProperty(question, async ({ credential: presented, scope, taskId, region }) => {
        const engine = region === 'ap-guangzhou' ? TASKS[taskId] : undefined;
        const facts: TaskFacts = { engineNames: engine ? [engine] : [], operator: UIN };
        const { steps, decision } = await toExplanation({
          ...(await authenticateAs(config, presented, Date.now(), signal)),
          blocked: config.blockedPrincipals,
          scope,
          task: { taskId, region },
          lookUp: async () => (engine ? facts : undefined),
        });
        decisions.set(decision, (decisions.get(decision) ?? 0) + 1);
        expect(steps.join(' ')).not.toContain(presented);
        const method = scope === 'tasks:read' ? 'GET' : 'DELETE';
        const field = presented.split('.').length === 3 ? 'Authorization' : 'X-API-Key';
        const value = field === 'Authorization' ? `Bearer ${presented}` : presented;
        const target = `/tasks/${taskId}?region=${region}`;
        const { status, body } = await gateway.send(method, target, [[field, value]]);
        const served = status === 401 || status === 403 ? body['code'] : 'allowed';
        expect([decision, steps]).toEqual([served, steps]);
      }),
      { numRuns: 500 },
    );
    // The pairs reach every decision, so that none is right by never being made.
    expect([...decisions.keys()].toSorted()).toEqual([
      'allowed',
      'insufficient-scope',
      'principal-blocked',
      'task-not-permitted',
      'unauthenticated',
    ]);
  }, 600_000);
});

describe('a permission in words', () => {
  it.each<[string, Parameters<typeof inWords>[0]]>([
    ['may cancel and read every task', { scopes: ['tasks:cancel', 'tasks:read'] }],
    ['may cancel every task', { scopes: ['tasks:cancel'], engines: [] }],
    ['may read task "t"', { scopes: ['tasks:read'], taskId: 't' }],
    [
      'may cancel tasks on engine "a" or "b", on engine "c", in "ap-beijing", of the account "100"',
      {
        scopes: ['tasks:cancel'],
        engines: [['a', 'b'], ['c']],
        regions: ['ap-beijing'],
        owner: '100',
      },
    ],
    [
      'may read tasks of the account that the claim "/a/b" names',
      { scopes: ['tasks:read'], owner: ['a', 'b'] },
    ],
    ['may read no task: no owner, or no region, is left', { scopes: ['tasks:read'], regions: [] }],
    ['may read tasks on engine "a?[31mb"', { scopes: ['tasks:read'], engines: [['a\u001b[31mb']] }],
  ])('%s', (words, grant) => {
    expect(inWords(grant)).toBe(words);
  });
});

describe('npm run explain', () => {
  const env = (): Record<string, string> => ({
    ...settings,
    DLC_REGION: 'ap-guangzhou',
    DLC_ENDPOINT: `http://127.0.0.1:${emulator.port}`,
    TENCENTCLOUD_SECRETID: 'AKIDEMULATOR',
    TENCENTCLOUD_SECRETKEY: 'emulator-secret-key',
  });
  const token = (claims: object): string =>
    bearer({ tid: 't', ...claims })[1].replace('Bearer ', '');
  const run = (args: readonly string[], stdin: string) =>
    runScript('explain', ['--task', 'on-etl', ...args], { env: env(), stdin: `${stdin}\n` });

  it('asks DLC where it counts, and tells each step', async () => {
    emulator.addTasks([{ id: 'on-etl', engine: 'etl', state: 'running' }]);
    const ran = await run([], token({ roles: ['operator', 'own'], uin: '7' }));
    expect(ran).toMatchObject({ exitCode: 0, stderr: '' });
    expect(ran.stdout.split('\n')).toEqual([
      'The caller is "jwt:idp:sub:alice".',
      'Its issuer\'s entry "idp" may cancel and read every task, at most.',
      'Grant 1 of the entry does not match: the claim "/roles".',
      'Grant 2 of the entry matches: the caller may cancel tasks on engine "etl".',
      'Grant 3 of the entry matches: the caller may cancel and read tasks of the account that the claim "/uin" names.',
      'Grant 4 of the entry does not match: the claim "/roles".',
      'The grants of the entry decide.',
      'The caller may cancel tasks on engine "etl".',
      'The caller may cancel and read tasks of the account "7".',
      'Some permission has the scope tasks:cancel.',
      expect.stringMatching(/^The task is on "etl" = ".*", of "100004561234"\.$/),
      '',
      'Decision: allowed',
      '',
    ]);
    expect(emulator.stats().calls).toMatchObject({ CancelTask: expect.any(Number) });
  });

  it('ends with 1 where the gateway would refuse, and says why; never repeats the credential', async () => {
    const refused = await run(['--engine', 'reports'], 'a-key-of-its-own-for-one-engine');
    expect(refused).toMatchObject({ exitCode: 1, stderr: '' });
    expect(refused.stdout).toMatch(/on another engine.*\n\nDecision: task-not-permitted\n$/);
    const unknown = await run(['--json'], 'a-key-that-nobody-has');
    expect(unknown.exitCode).toBe(1);
    expect(JSON.parse(unknown.stdout)).toEqual({
      steps: ['Refused: unknown key'],
      decision: 'unauthenticated',
    });
    const expired = await run([], token({ exp: 1, roles: 'admin' }));
    expect(expired.stdout).toBe(
      'Refused: token of issuer "idp": exp: check_failed\n\nDecision: unauthenticated\n',
    );
  });

  it('needs a credential, a task and right settings', async () => {
    expect(await run([], '')).toMatchObject({ exitCode: 64, stdout: '' });
    expect(await run(['--action', 'stop'], KEY)).toMatchObject({ exitCode: 64, stdout: '' });
    expect(await run(['--region', 'eu-mars'], KEY)).toMatchObject({ exitCode: 64, stdout: '' });
    const wrong = await runScript('explain', ['--task', 'x'], { env: {}, stdin: KEY });
    expect(wrong).toMatchObject({ exitCode: 78, stdout: '' });
  });
});
