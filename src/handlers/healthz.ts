import type { OpenEndpoint } from '../endpoint.ts';
import { jsonResponse } from '../lib/http/response.ts';

/** `GET /healthz`: the process can serve. It says nothing about DLC, which is never called for it. */
export const healthz: OpenEndpoint = {
  handle: () => jsonResponse(200, { status: 'ok' }),
};
