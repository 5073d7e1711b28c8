import { UNUSED_BODY_BYTES, type Endpoint } from '../exchange.ts';
import { jsonResponse } from '../lib/http/json-response.ts';

/** `GET /healthz`: the process can serve. Says nothing of DLC, which is never called for it. */
export const healthz: Endpoint = {
  maxBodyBytes: UNUSED_BODY_BYTES,
  handle: () => jsonResponse(200, { status: 'ok' }),
};
