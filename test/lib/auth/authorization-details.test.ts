import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { parseAuthorizationDetails } from '../../../src/lib/auth/jwt-claims.ts';
import { SCOPES } from '../../../src/lib/auth/principal.ts';

const ENTRY = { type: 'dlc_task', actions: ['cancel'], identifier: 'task-1' };

describe('authorization_details', () => {
  it('gives one grant for each task entry', () => {
    const value = [
      ENTRY,
      { ...ENTRY, actions: ['read', 'cancel'], identifier: 'task-2', regions: ['ap-guangzhou'] },
      { ...ENTRY, actions: ['read'], identifier: 'task-3', engines: ['e1', 'e2'] },
    ];
    expect(parseAuthorizationDetails(value)).toEqual([
      { taskId: 'task-1', scopes: ['tasks:cancel'] },
      { taskId: 'task-2', scopes: ['tasks:cancel', 'tasks:read'], regions: ['ap-guangzhou'] },
      { taskId: 'task-3', scopes: ['tasks:read'], engines: [['e1', 'e2']] },
    ]);
  });

  it('skips entries of other types, whatever they hold', () => {
    const foreign = { type: 'payment', actions: 5, identifier: {} };
    expect(parseAuthorizationDetails([foreign, ENTRY])).toHaveLength(1);
    expect(parseAuthorizationDetails([foreign])).toEqual([]);
    expect(parseAuthorizationDetails([])).toEqual([]);
  });

  it.each<[string, unknown]>([
    ['null', null],
    ['an object', ENTRY],
    ['a string', JSON.stringify([ENTRY])],
    ['an entry that is null', [ENTRY, null]],
    ['an entry that is a list', [ENTRY, [ENTRY]]],
    ['an entry without a type', [ENTRY, { actions: ['read'], identifier: 'task-2' }]],
    ['an entry whose type is a number', [ENTRY, { ...ENTRY, type: 1 }]],
    ['no actions', [{ type: 'dlc_task', identifier: 'task-1' }]],
    ['an empty list of actions', [{ ...ENTRY, actions: [] }]],
    ['actions as a string', [{ ...ENTRY, actions: 'cancel' }]],
    ['an unknown action', [{ ...ENTRY, actions: ['cancel', 'delete'] }]],
    ['an action that is a number', [{ ...ENTRY, actions: [1] }]],
    ['an action named after a member of every object', [{ ...ENTRY, actions: ['constructor'] }]],
    ['no identifier', [{ type: 'dlc_task', actions: ['cancel'] }]],
    ['an identifier that is a number', [{ ...ENTRY, identifier: 20_250_101 }]],
    ['an empty identifier', [{ ...ENTRY, identifier: '' }]],
    ['an identifier with a wildcard', [{ ...ENTRY, identifier: '*' }]],
    ['an identifier of 129 characters', [{ ...ENTRY, identifier: 'a'.repeat(129) }]],
    ['an identifier that ends with a line feed', [{ ...ENTRY, identifier: 'task-1\n' }]],
    ['an empty list of regions', [{ ...ENTRY, regions: [] }]],
    ['regions as a string', [{ ...ENTRY, regions: 'ap-guangzhou' }]],
    ['regions that are null', [{ ...ENTRY, regions: null }]],
    ['an empty region', [{ ...ENTRY, regions: [''] }]],
    ['an engine that is a number', [{ ...ENTRY, engines: ['e1', 2] }]],
    ['an empty list of engines', [{ ...ENTRY, engines: [] }]],
    ['locations, which it does not know', [{ ...ENTRY, locations: ['https://x.example'] }]],
    ['datatypes, which it does not know', [{ ...ENTRY, datatypes: ['x'] }]],
    ['privileges, which it does not know', [{ ...ENTRY, privileges: ['x'] }]],
    ['a misspelt restriction', [{ ...ENTRY, region: ['ap-guangzhou'] }]],
    [
      '__proto__ as a member',
      [JSON.parse('{"type":"dlc_task","actions":["read"],"identifier":"t","__proto__":{}}')],
    ],
  ])('grants nothing at all for %s', (_name, value) => {
    expect(parseAuthorizationDetails(value)).toEqual([]);
  });

  it('grants nothing at all where one of several entries is malformed, wherever it stands', () => {
    const bad = { ...ENTRY, expires: 5 };
    expect(parseAuthorizationDetails([bad, ENTRY])).toEqual([]);
    expect(parseAuthorizationDetails([ENTRY, bad])).toEqual([]);
  });
});

describe('authorization_details, whatever they are', () => {
  const name = fc.stringMatching(/^[A-Za-z0-9_-]{1,128}$/);
  const names = fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 3 });
  const actions = fc.uniqueArray(fc.constantFrom('cancel', 'read'), { minLength: 1 });
  const entry = fc.record(
    { type: fc.constant('dlc_task'), actions, identifier: name, regions: names, engines: names },
    { requiredKeys: ['type', 'actions', 'identifier'] },
  );

  it('gives every restriction of a good entry on, and no scope that it does not name', () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 5 }), (entries) => {
        const expected = entries.map((each) => ({
          taskId: each.identifier,
          scopes: SCOPES.filter((scope) =>
            each.actions.some((action) => scope === `tasks:${action}`),
          ),
          ...(each.regions && { regions: each.regions }),
          ...(each.engines && { engines: [each.engines] }),
        }));
        expect(parseAuthorizationDetails(entries)).toEqual(expected);
      }),
    );
  });

  it('grants nothing once any one member that it does not know is there', () => {
    const known = new Set(['type', 'actions', 'identifier', 'regions', 'engines']);
    const unknown = fc.string().filter((member) => !known.has(member));
    fc.assert(
      fc.property(entry, unknown, fc.jsonValue(), (good, member, value) => {
        // As text, since an assignment would not make a member of "__proto__".
        const added = `,${JSON.stringify(member)}:${JSON.stringify(value)}}`;
        const bad: unknown = JSON.parse(JSON.stringify(good).slice(0, -1) + added);
        expect(parseAuthorizationDetails([good, bad])).toEqual([]);
      }),
    );
  });

  it('never throws, and grants only well-formed tasks', () => {
    const nearly = fc.record(
      {
        type: fc.constant('dlc_task'),
        actions: fc.jsonValue(),
        identifier: fc.jsonValue(),
        regions: fc.jsonValue(),
      },
      { requiredKeys: [] },
    );
    const value = fc.oneof(fc.jsonValue(), fc.array(fc.oneof(entry, nearly, fc.jsonValue())));
    fc.assert(
      fc.property(value, (details) => {
        for (const grant of parseAuthorizationDetails(details)) {
          expect(grant.taskId).toMatch(/^[A-Za-z0-9_-]{1,128}$/);
          expect(grant.scopes.length).toBeGreaterThan(0);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
