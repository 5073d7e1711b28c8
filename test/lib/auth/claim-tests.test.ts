import { describe, expect, it } from '@jest/globals';

import {
  toClaimTests,
  unmetTest,
  type ClaimConditions,
} from '../../../src/lib/auth/json-pointer.ts';

function holds(conditions: ClaimConditions, claims: unknown): boolean {
  return unmetTest(toClaimTests(conditions), claims) === undefined;
}

describe('a condition on a claim', () => {
  it.each<[string, ClaimConditions, unknown]>([
    ['a text that is equal', { '/tid': 'a' }, { tid: 'a' }],
    ['a number that is equal', { '/n': 5 }, { n: 5 }],
    ['a boolean that is equal', { '/email_verified': true }, { email_verified: true }],
    ['one of several values', { '/tid': ['b', 'a'] }, { tid: 'a' }],
    ['a list that has the value', { '/roles': 'admin' }, { roles: ['x', 'admin'] }],
    ['a list that has one of the values', { '/roles': ['y', 'admin'] }, { roles: ['x', 'admin'] }],
    ['a member of a member', { '/realm_access/roles': 'r' }, { realm_access: { roles: ['r'] } }],
    ['a name with slashes', { '/https:~1~1e.com~1roles': 'r' }, { 'https://e.com/roles': ['r'] }],
    ['an item of a list', { '/roles/0': 'first' }, { roles: ['first'] }],
    ['a word of scope', { '/scope': 'b' }, { scope: 'a b c' }],
    ['a word of scp', { '/scp': 'Tasks.Cancel' }, { scp: 'User.Read Tasks.Cancel' }],
    ['an item of scp', { '/scp': 'Tasks.Cancel' }, { scp: ['Tasks.Cancel'] }],
    ['all of several', { '/a': 1, '/b': 2 }, { a: 1, b: 2 }],
  ])('is met by %s', (_name, conditions, claims) => {
    expect(holds(conditions, claims)).toBe(true);
  });

  it.each<[string, ClaimConditions, unknown]>([
    ['a claim that is missing', { '/tid': 'a' }, {}],
    ['null', { '/tid': 'a' }, { tid: null }],
    ['an empty text', { '/tid': 'a' }, { tid: '' }],
    ['an empty list', { '/roles': 'a' }, { roles: [] }],
    ['a part of a text', { '/roles': 'admin' }, { roles: 'admin-readonly' }],
    ['a text of which the value is a part', { '/roles': 'administrator' }, { roles: 'admin' }],
    ['a text in other case', { '/roles': 'admin' }, { roles: 'Admin' }],
    ['a text with a space', { '/roles': 'admin' }, { roles: 'admin ' }],
    ['a word of another claim than scope', { '/roles': 'admin' }, { roles: 'user admin' }],
    ['a word of an item of scope', { '/scope': 'b' }, { scope: ['a b'] }],
    ['a word after a tab', { '/scope': 'b' }, { scope: 'a\tb' }],
    ['scope in a member', { '/x/scope': 'b' }, { x: { scope: 'a b' } }],
    ['a number that is a text', { '/n': 5 }, { n: '5' }],
    ['a text that is a number', { '/n': '5' }, { n: 5 }],
    ['true that is a text', { '/b': true }, { b: 'true' }],
    ['1 for true', { '/b': true }, { b: 1 }],
    ['a list in a list', { '/roles': 'admin' }, { roles: [['admin']] }],
    ['an object with the name', { '/roles': 'admin' }, { roles: { admin: true } }],
    ['an object with a list', { '/roles': 'admin' }, { roles: { 0: 'admin', length: 1 } }],
    ['one of two conditions', { '/a': 1, '/b': 2 }, { a: 1 }],
    ['a name of every object', { '/constructor/name': 'Object' }, {}],
    ['a name of every list', { '/roles/length': 1 }, { roles: ['x'] }],
    ['claims that are a list', { '/a': 1 }, [1]],
    ['no claims', { '/a': 1 }, null],
  ])('is not met by %s', (_name, conditions, claims) => {
    expect(holds(conditions, claims)).toBe(false);
  });

  it('counts the last of two members with one name, as every later step does', () => {
    const claims: unknown = JSON.parse('{"roles":["admin"],"roles":["user"]}');
    expect(holds({ '/roles': 'admin' }, claims)).toBe(false);
    expect(holds({ '/roles': 'user' }, claims)).toBe(true);
  });

  it('says which one is not met', () => {
    expect(unmetTest(toClaimTests({ '/a': 1, '/b': 2 }), { a: 1 })?.name).toBe('/b');
  });
});
