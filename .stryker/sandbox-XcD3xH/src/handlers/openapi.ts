import { UNUSED_BODY_BYTES, type Endpoint } from '../exchange.ts';
import { Problem } from '../lib/problem.ts';

/** `GET /openapi.json`: what the build made. Where it was not packed along, nothing is at this path. */
export const openApi: Endpoint = {
  maxBodyBytes: UNUSED_BODY_BYTES,
  handle(_, { document }) {
    const body = document()?.text;
    if (body) return { status: 200, headers: { 'Content-Type': 'application/json' }, body };
    throw new Problem('route-not-found', { reason: 'openapi.json is not beside the bundle' });
  },
};
