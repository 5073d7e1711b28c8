import { afterAll, expect, it } from '@jest/globals';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { projectRoot } from '../support/checkout.ts';

/** The route that CONTRIBUTING.md adds, in a copy of src. */

mkdirSync(path.join(projectRoot, '.tmp'), { recursive: true });
const copy = mkdtempSync(path.join(projectRoot, '.tmp', 'route-'));
afterAll(() => rmSync(copy, { recursive: true }));
cpSync(path.join(projectRoot, 'src'), path.join(copy, 'src'), { recursive: true });

const text = readFileSync(path.join(projectRoot, 'CONTRIBUTING.md'), 'utf8');
/** Each block of TypeScript by the file that the sentence before it names. */
const blocks = new Map(
  [...text.matchAll(/^`(\S+)`[^\n]*:\n\n```ts\n([^]*?)\n```$/gm)].map(
    ([, file = '', code = '']) => [file, code] as const,
  ),
);

function write(file: string, code: string): void {
  writeFileSync(path.join(copy, file), code);
}

it('takes four files', () => {
  expect([...blocks.keys()]).toEqual([
    'src/handlers/list-regions.ts',
    'src/handlers/list-regions.openapi.ts',
    'src/handlers/routes.ts',
    'test/list-regions.test.ts',
  ]);
});

it('is served, and described', async () => {
  const routes = readFileSync(path.join(copy, 'src/handlers/routes.ts'), 'utf8');
  const [handler, words] = ['src/handlers/list-regions.ts', 'src/handlers/list-regions.openapi.ts'];
  write(handler, blocks.get(handler) ?? '');
  write(words, blocks.get(words) ?? '');
  const line = blocks.get('src/handlers/routes.ts') ?? '';
  const imported = `import { listRegions } from './list-regions.ts';\n${routes}`;
  // A reader may be trying it out right now.
  if (!routes.includes('listRegions')) {
    write('src/handlers/routes.ts', imported.replace(/^ {2}return \[$/m, `$&\n${line}`));
  }

  const { createRoutes } = await import(path.join(copy, 'src/handlers/routes.ts'));
  const added = createRoutes({ taskStateLookup: true }).find(
    ({ template }: { template: string }) => template === '/regions',
  );
  const deps = { settings: { allowedRegions: new Set(['ap-guangzhou']) } };
  expect(added.methods.GET.handle({}, deps)).toMatchObject({
    status: 200,
    body: '{"regions":["ap-guangzhou"]}',
  });
  const described = await import(path.join(copy, words));
  expect(described.words.route).toBe('GET /regions');
});
