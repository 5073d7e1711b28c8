import type { OpenEndpoint } from '../endpoint.ts';
import { Problem } from '../lib/problems.ts';

/** `GET /openapi.json`: what the build made. If it was not packed along, nothing is at this path. */
export const openApi: OpenEndpoint = {
  handle(_, { document }) {
    const body = document()?.text;
    if (body) return { status: 200, headers: { 'Content-Type': 'application/json' }, body };
    throw new Problem('route-not-found', { reason: 'openapi.json is not beside the bundle' });
  },
};
