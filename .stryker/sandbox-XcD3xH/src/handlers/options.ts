import { UNUSED_BODY_BYTES, required, type Endpoint } from '../exchange.ts';
import { isPreflight } from '../lib/http/cors.ts';
import { allowedMethods } from '../lib/http/router.ts';

/** `OPTIONS` on every route: a preflight is answered by the CORS stage's header fields alone. */
export const options: Endpoint = {
  maxBodyBytes: UNUSED_BODY_BYTES,
  handle(exchange) {
    const route = required(exchange, 'route');
    const isForCors = isPreflight(exchange.request) && route.forBrowsers;
    return { status: 204, headers: isForCors ? {} : { Allow: allowedMethods(route) }, body: '' };
  },
};
