import path from 'node:path';

import type * as Bundle from './function.ts';
import { compile, runCompiled } from './lib/code-cache.ts';

/**
 * The function's entry in a package with V8's code cache (`npm run build -- --code-cache`): the bundle that is
 * `function.js` elsewhere is `gateway.js` there, and its cache `gateway.cache`.
 */
const file = path.join(import.meta.dirname, 'gateway.js');
const script = compile(file, path.join(import.meta.dirname, 'gateway.cache'));

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `gateway.js` is the bundle of this module
export const { main_handler, handler } = runCompiled(script, file) as typeof Bundle;
