import { stat } from 'node:fs/promises';
import path from 'node:path';

import { bundle, DIST } from './support/bundle.ts';

/** `npm run build`: `dist/function.js` for SCF and Lambda, `dist/server.js` for web functions and containers. */

await bundle(DIST);
for (const name of ['function.js', 'server.js']) {
  const { size } = await stat(path.join(DIST, name));
  process.stdout.write(`dist/${name}  ${Math.round(size / 1000)} KB\n`);
}
