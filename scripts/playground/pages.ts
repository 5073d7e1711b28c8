import { readdirSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

import { root } from '../places.ts';
import type { PlaygroundRoutes } from './server.ts';

/** The files of the playground: its own page at `/`, the API reference at `/docs`. */

const FOLDER = pathToFileURL(`${root}/playground/`);

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
};

/** The files of `playground/` as they are, pages without their ending. */
export function playgroundPages(): PlaygroundRoutes {
  return Object.fromEntries(
    readdirSync(FOLDER).map((name) => {
      const type = TYPES[path.extname(name)] ?? 'application/octet-stream';
      return [pathOf(name), { type, content: new URL(name, FOLDER) }];
    }),
  );
}

const pathOf = (name: string): string =>
  name === 'index.html' ? '/' : `/${name.replace(/\.html$/, '')}`;
