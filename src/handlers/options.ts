import type { OpenEndpoint } from '../endpoint.ts';
import { allowedMethods } from '../middlewares/route.ts';
import { isPreflight } from '../middlewares/cors.ts';

/** `OPTIONS` on every route. The middleware `cors` adds what a preflight asks for. */
export const options: OpenEndpoint = {
  handle({ request, route }) {
    const isForCors = route.isForBrowsers && isPreflight(request);
    return { status: 204, headers: isForCors ? {} : { Allow: allowedMethods(route) }, body: '' };
  },
};
