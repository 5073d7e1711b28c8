import { withAlwaysHeaders } from '../lib/http/response.ts';
import { onResponse } from '../request-context.ts';

/** The header fields that every response has, and those of the caller's quota once it was checked. */
export const responseHeaders = onResponse((context, response) => {
  const headers = { ...response.headers, ...context.quotaFields };
  return withAlwaysHeaders({ ...response, headers }, context.requestId);
});
