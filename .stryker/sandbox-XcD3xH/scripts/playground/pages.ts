import { readdirSync } from 'node:fs';
import path from 'node:path';

import type { PlaygroundRoutes } from './server.ts';

const FOLDER = new URL('../../playground/', import.meta.url);

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
};

/** The files of `playground/` as they are, its page at `/`. */
export function playgroundPages(): PlaygroundRoutes {
  const names = readdirSync(FOLDER);
  return Object.fromEntries(
    names.map((name) => {
      const type = TYPES[path.extname(name)] ?? 'application/octet-stream';
      const at = name === 'index.html' ? '/' : `/${name}`;
      return [at, { type, content: new URL(name, FOLDER) }];
    }),
  );
}
