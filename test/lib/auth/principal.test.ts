import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import {
  grantsFor,
  permittingGrant,
  requireScope,
  ruleOf,
  SCOPES,
  type Grant,
  type Principal,
  type Scope,
  type TaskFacts,
} from '../../../src/lib/auth/principal.ts';

const task = { taskId: 't', region: 'ap-guangzhou' };
const cancel: Grant = { scopes: ['tasks:cancel'] };

function principal(...grants: readonly Grant[]): Principal {
  return { id: 'key:k', scheme: 'api-key', basis: 'scope', grants };
}

/** The decision; or the grants of which one has to fit what DLC shows of the task. */
function permit(
  { grants }: Pick<Principal, 'grants'>,
  scope: Scope,
  { taskId, region }: { readonly taskId: string; readonly region: string },
): 'allowed' | 'denied' | readonly Grant[] {
  const found = grantsFor(principal(...grants), scope, region, taskId);
  if (found.length === 0) return 'denied';
  return permittingGrant(found) ? 'allowed' : found;
}

describe('the permission', () => {
  it.each<[string, readonly Grant[], 'allowed' | 'denied']>([
    ['without a restriction', [cancel], 'allowed'],
    ['in its region', [{ ...cancel, regions: ['ap-guangzhou'] }], 'allowed'],
    ['for its task', [{ ...cancel, taskId: 't' }], 'allowed'],
    ['on any engine, on purpose', [{ ...cancel, engines: [] }], 'allowed'],
    ['by one of two grants', [{ ...cancel, engines: [['e']] }, cancel], 'allowed'],
    ['without a grant', [], 'denied'],
    ['by another scope alone', [{ scopes: ['tasks:read'] }], 'denied'],
    ['in another region', [{ ...cancel, regions: ['ap-beijing'] }], 'denied'],
    ['in no region', [{ ...cancel, regions: [] }], 'denied'],
    ['for another task', [{ ...cancel, taskId: 'u' }], 'denied'],
    ['for its task in another region', [{ ...cancel, taskId: 't', regions: ['x'] }], 'denied'],
    [
      'by the scope of one grant and the region of another',
      [
        { ...cancel, regions: ['x'] },
        { scopes: ['tasks:read'], regions: ['ap-guangzhou'] },
      ],
      'denied',
    ],
  ])('%s: %s', (_name, grants, expected) => {
    expect(permit({ grants }, 'tasks:cancel', task)).toBe(expected);
  });

  it('gives what has to be asked, as alternatives', () => {
    const grants: Grant[] = [
      { ...cancel, engines: [['a'], ['b']], owner: '1' },
      { ...cancel, owner: '2' },
      { scopes: ['tasks:read'], engines: [['c']] },
    ];
    expect(permit({ grants }, 'tasks:cancel', task)).toEqual([
      { ...cancel, engines: [['a'], ['b']], owner: '1' },
      { ...cancel, owner: '2' },
    ]);
  });
});

describe('a grant that depends on the task', () => {
  const facts: TaskFacts = { engineNames: ['etl', 'DataEngine-1'], operator: '100' };
  it.each<[string, Partial<Grant>, boolean]>([
    ['an engine by name', { engines: [['etl']] }, true],
    ['an engine by id', { engines: [['x', 'DataEngine-1']] }, true],
    ['an engine in both lists, by name and by id', { engines: [['etl'], ['DataEngine-1']] }, true],
    ['an owner', { engines: [], owner: '100' }, true],
    ['an engine in one of two lists', { engines: [['etl'], ['other']] }, false],
    ['a part of a name', { engines: [['et']] }, false],
    ['"*", which is no wildcard', { engines: [['*']] }, false],
    ['another owner', { engines: [], owner: '1000' }, false],
    ['an engine of another owner', { engines: [['etl']], owner: '7' }, false],
    ['an owner on another engine', { engines: [['other']], owner: '100' }, false],
  ])('by %s: %s', (_name, restrictions, expected) => {
    const grant = { ...cancel, ...restrictions };
    expect(permittingGrant([grant], facts)).toBe(expected ? grant : undefined);
  });

  it('permits no task that DLC does not show, nor one without an owner', () => {
    const grant = { ...cancel, engines: [], owner: '100' };
    expect(permittingGrant([grant], undefined)).toBeUndefined();
    expect(permittingGrant([grant], { engineNames: [] })).toBeUndefined();
  });
});

describe('several grants together', () => {
  const name = fc.constantFrom('a', 'b', 'c');
  const some = <T>(of: fc.Arbitrary<T>) => fc.uniqueArray(of, { maxLength: 2 });
  const grant: fc.Arbitrary<Grant> = fc.record(
    {
      scopes: some(fc.constantFrom(...SCOPES)),
      taskId: name,
      regions: some(name),
      engines: some(some(name)),
      owner: name,
    },
    { requiredKeys: ['scopes'] },
  );
  const asked = fc.record({
    scope: fc.constantFrom(...SCOPES),
    taskId: name,
    region: name,
    engineNames: some(name),
    operator: name,
  });

  it('permit what one of them permits alone, and nothing else', () => {
    fc.assert(
      fc.property(fc.array(grant, { maxLength: 4 }), asked, (grants, { scope, ...facts }) => {
        const alone = grants.some(
          (one) =>
            one.scopes.includes(scope) &&
            (one.taskId === undefined || one.taskId === facts.taskId) &&
            (one.regions === undefined || one.regions.includes(facts.region)) &&
            (one.owner === undefined || one.owner === facts.operator) &&
            (one.engines ?? []).every((list) => facts.engineNames.some((e) => list.includes(e))),
        );
        const permission = permit({ grants }, scope, facts);
        const isAsked = typeof permission === 'object';
        const met = isAsked ? permittingGrant(permission, facts) !== undefined : undefined;
        expect(met ?? permission === 'allowed').toBe(alone);
      }),
      { numRuns: 5000 },
    );
  });
});

describe('the scope', () => {
  it('is there if one grant has it, whatever its restrictions', () => {
    expect(() => requireScope(principal({ ...cancel, regions: [] }), 'tasks:cancel')).not.toThrow();
    expect(() => requireScope(principal(cancel), 'tasks:read')).toThrow(
      expect.objectContaining({ code: 'insufficient-scope' }),
    );
  });
});

describe('the rule in the audit line', () => {
  it.each<[string, Parameters<typeof ruleOf>[1]]>([
    ['scope', {}],
    ['scope, engine', { engines: [['a']] }],
    ['scope, owner', { engines: [], owner: '1' }],
    ['scope, engine, owner', { engines: [['a']], owner: '1' }],
  ])('names what was checked: %s', (rule, met) => {
    expect(ruleOf(principal(cancel), met)).toBe(rule);
  });
});
