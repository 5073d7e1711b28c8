import { expect } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

import type { Results } from '../../bench/figures.ts';
import { tables } from '../../bench/table.ts';
import { projectRoot } from '../support/checkout.ts';
import { itWith, NEEDS_PEERS } from '../support/needs.ts';

itWith(
  [NEEDS_PEERS],
  'npm run bench measures side by side, as tables and as JSON',
  async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'dlc-bench-test-'));
    try {
      const json = path.join(folder, 'results.json');
      const args = ['--import', 'tsx', 'bench/main.ts', '--quick', '--only', 'first,size'];
      const run = promisify(execFile);
      const options = { cwd: projectRoot };
      const { stdout } = await run(process.execPath, [...args, '--json', json], options);
      const [results]: Results[] = JSON.parse(readFileSync(json, 'utf8'));
      if (!results) throw new Error('no results');
      expect(stdout).toBe(`${tables([results])}\n`);
      const measured = results.figures.filter(({ section }) => section === 'first');
      expect(measured.map(({ row }) => row)).toEqual(
        expect.arrayContaining(['gateway', 'whole-sdk', 'hono', 'by-hand']),
      );
      for (const one of measured) expect(one).toMatchObject({ unit: 'ms', count: 3 });
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
  120_000,
);
