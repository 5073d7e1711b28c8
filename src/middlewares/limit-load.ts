import type { Deps } from '../endpoint.ts';
import { Problem } from '../lib/problems.ts';
import { before, type Middleware } from '../request-context.ts';

/** Requests of authenticated callers in flight; one that waits for DLC holds some 55 KB (docs/server.md). */
const MAX_ADMITTED = 1000;

/**
 * Sheds load. Only callers who are authenticated and within their quota are counted, so strangers
 * cannot take their places.
 *
 * @throws Problem `overloaded`
 */
export function limitLoad(load: Deps['load']): Middleware {
  return before((context) => {
    if (load.admitted >= MAX_ADMITTED) {
      throw new Problem('overloaded', { reason: 'too many requests in flight' });
    }
    load.admitted += 1;
    context.onEnd.push(() => (load.admitted -= 1));
  });
}
