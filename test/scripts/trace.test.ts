import { expect, it } from '@jest/globals';

import { runNode } from './run-script.ts';

/** Not the bundle: it lists the files of the sources. */
const main = ['--import', 'tsx', 'scripts/main.ts'];

it('npm run trace lists what one cancellation executes, and nothing else', async () => {
  const { exitCode, stdout, stderr } = await runNode([...main, 'trace', '--functions']);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  const [, files, functions] = /^(\d+) files, (\d+) functions\n$/m.exec(stdout) ?? [];
  const rows = [...stdout.matchAll(/^ +(\d+) (src\/\S+)$/gm)];
  expect(rows).toHaveLength(Number(files));
  expect(rows.reduce((sum, [, count]) => sum + Number(count), 0)).toBe(Number(functions));
  const named = rows.map(([, , file]) => file);
  expect(named).toEqual(
    expect.arrayContaining(['src/function.ts', 'src/lib/cancellation/cancel.ts']),
  );
  // No token, no webhook, no start.
  expect(named.filter((file) => /jwt|webhook|settings/.test(file ?? ''))).toEqual([]);
  expect(stdout).toMatch(/^ {6}cancelTask$/m);
});
