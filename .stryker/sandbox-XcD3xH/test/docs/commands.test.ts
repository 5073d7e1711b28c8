import { expect, it } from '@jest/globals';

import { COMMANDS, foundCommands } from '../support/documented-commands.ts';

it('every command of the documents is run by a test, or says why not', () => {
  const known = Object.entries(COMMANDS).map(([file, some]) => [
    file,
    Object.keys(some).toSorted(),
  ]);
  const found = Object.entries(foundCommands()).map(([file, names]) => [file, names.toSorted()]);
  expect(Object.fromEntries(found)).toEqual(Object.fromEntries(known));
});
