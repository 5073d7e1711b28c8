import * as fc from 'fast-check';

import { describe, expect, it } from '@jest/globals';

import { explainJson } from '../../../src/lib/config/json-setting.ts';

const DOUBLE = 'the double quotes are missing';
const HERE = 'a comma or double quotes are missing, or this character does not belong here';

describe('where a text stops being JSON, and the likely slip', () => {
  it.each([
    ['[{"id": "a",}]', '1, column 13', 'a trailing comma before this bracket'],
    ['[\n  1,\n]', '3, column 1', 'a trailing comma before this bracket'],
    ["[{'id': 'a'}]", '1, column 3', 'single quotes: JSON takes double quotes alone'],
    ['[{“id”: 1}]', '1, column 3', 'quotes of another kind'],
    ['[{id: a}]', '1, column 3', DOUBLE],
    ['[{"id": a}]', '1, column 9', HERE],
    ['[{"id": "a"', '1, column 12', 'the text ends too early'],
    ['', '1, column 1', 'the text ends too early'],
    ['[{"id": "a}]', '1, column 9', 'the text that begins here is not closed'],
    ['["a\nb"]', '1, column 2', 'the text that begins here has a line break or tab in it'],
    ['["a" "b"]', '1, column 6', 'a comma or a colon is missing before this text'],
    ['{"a" 1}', '1, column 6', HERE],
    ['[1 2]', '1, column 4', DOUBLE],
    ['[] []', '1, column 4', 'something follows after the end'],
    ['[ // keys\n]', '1, column 3', 'JSON has no comments'],
    ['# keys\n[]', '1, column 1', 'JSON has no comments'],
    ['[{\\"id\\": 1}]', '1, column 3', 'a backslash too many'],
    ['[\u00a01]', '1, column 2', 'a character that looks like a blank'],
    ['[1,,2]', '1, column 4', 'something is missing before the colon or comma'],
    ['[{"a": 1]', '1, column 9', HERE],
    ['[True]', '1, column 2', DOUBLE],
    ['["a", 01]', '1, column 7', HERE],
  ])('%j', (text, place, slip) => {
    expect(() => JSON.parse(text)).toThrow(SyntaxError);
    const said = explainJson(text);
    expect(said).toMatch(new RegExp(`^line ${place}: `));
    expect(said).toContain(slip);
  });

  it('is where the longest beginning of any JSON ends', () => {
    // With a character that JSON has nowhere outside of texts, the place is known.
    fc.assert(
      fc.property(fc.json(), fc.nat(), (text, nat) => {
        const tokens = text.match(/"(?:[^"\\]|\\.)*"|[[\]{}:,]|[^[\]{}:,"\s]+|\s+/g) ?? [];
        const before = tokens.slice(0, nat % (tokens.length + 1)).join('');
        expect(explainJson(`${before}~`)).toMatch(`line 1, column ${before.length + 1}: `);
      }),
    );
  });

  it('quotes nothing of the text', () => {
    expect(explainJson('[{"secret": "PLANTED", PLANTED}]')).not.toContain('PLANTED');
  });
});
