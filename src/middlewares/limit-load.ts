import type { Deps } from '../endpoint.ts';
import { Problem } from '../lib/problems.ts';
import { before, type Middleware } from '../request-context.ts';

/** Requests of authenticated callers in flight; one that waits for DLC holds some 55 KB (docs/server.md). */
const MAX_ADMITTED = 1000;
/** Of one principal, so that a few callers whose requests hang do not take everybody's place. */
export const MAX_PER_PRINCIPAL = MAX_ADMITTED / 4;

/**
 * Sheds load. Only callers who are authenticated and within their quota are counted, so strangers
 * cannot take their places.
 *
 * @throws Problem `overloaded`
 */
export function limitLoad({ load, inFlight }: Pick<Deps, 'load' | 'inFlight'>): Middleware {
  return before(({ principal, onEnd }) => {
    const leave = load.admitted < MAX_ADMITTED ? inFlight.enter(principal.id) : undefined;
    if (!leave) throw new Problem('overloaded', { reason: 'too many requests in flight' });
    load.admitted += 1;
    onEnd.push(leave, () => (load.admitted -= 1));
  });
}
