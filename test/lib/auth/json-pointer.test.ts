import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { POINTER, toPointer, valueAt } from '../../../src/lib/auth/json-pointer.ts';

const DOCUMENT: unknown = JSON.parse(
  '{"a":{"b":["x",["y"]]},"":"empty","a/b":1,"m~n":2,"~1":3,"__proto__":{"c":"own"},"n":null,"t":"text"}',
);

describe('a JSON pointer', () => {
  it.each<[string, unknown]>([
    ['/a/b/0', 'x'],
    ['/a/b/1/0', 'y'],
    ['/', 'empty'],
    ['/a~1b', 1],
    ['/m~0n', 2],
    ['/~01', 3],
    ['/__proto__/c', 'own'],
    ['/n', null],
  ])('%s leads to a value', (text, value) => {
    expect(POINTER.test(text)).toBe(true);
    expect(valueAt(DOCUMENT, toPointer(text))).toBe(value);
  });

  it.each([
    '/missing',
    '/a/b/2',
    '/a/b/00',
    '/a/b/-',
    '/a/b/-1',
    '/a/b/length',
    '/a/b/1.0',
    '/t/length',
    '/t/0',
    '/n/x',
    '/constructor',
    '/a/toString',
    '/a/b/__proto__',
    '/a/__proto__/b',
  ])('%s leads nowhere', (text) => {
    expect(POINTER.test(text)).toBe(true);
    expect(valueAt(DOCUMENT, toPointer(text))).toBeUndefined();
  });

  it.each(['', 'a', 'a/b', '#/a', '/~', '/a~2b', '/a~'])('is not %j', (text) => {
    expect(POINTER.test(text)).toBe(false);
  });

  it('leads to every own member, whatever its name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.jsonValue(), (name, value) => {
        const document: unknown = JSON.parse(`{${JSON.stringify(name)}:${JSON.stringify(value)}}`);
        const text = `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
        expect(POINTER.test(text)).toBe(true);
        expect(JSON.stringify(valueAt(document, toPointer(text)))).toBe(JSON.stringify(value));
      }),
    );
  });
});
