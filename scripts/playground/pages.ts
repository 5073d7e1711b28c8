import { readdirSync } from 'node:fs';
import path from 'node:path';

import type { PlaygroundRoutes } from './server.ts';

/** The files of the playground: its own page at `/`, the API reference (Swagger UI) at `/docs`. */

const FOLDER = new URL('../../playground/', import.meta.url);

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
};

/** Swagger UI's. */
const REFERENCE = {
  '/docs/swagger-ui.css': import.meta.resolve('swagger-ui-dist/swagger-ui.css'),
  '/docs/swagger-ui-bundle.js': import.meta.resolve('swagger-ui-dist/swagger-ui-bundle.js'),
};

/** The files of `playground/` as they are, pages without their ending, and those of Swagger UI. */
export function playgroundPages(): PlaygroundRoutes {
  const own = readdirSync(FOLDER).map((name) => [pathOf(name), new URL(name, FOLDER)] as const);
  const swagger = Object.entries(REFERENCE).map(([at, url]) => [at, new URL(url)] as const);
  return Object.fromEntries(
    [...own, ...swagger].map(([at, content]) => {
      const type = TYPES[path.extname(content.pathname)] ?? 'application/octet-stream';
      return [at, { type, content }];
    }),
  );
}

const pathOf = (name: string): string =>
  name === 'index.html' ? '/' : `/${name.replace(/\.html$/, '')}`;
