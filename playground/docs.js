import { makeToken, settings, signWebhook } from './server.js';

// The API reference with the demo's callers. `SwaggerUIBundle` is a global of Swagger UI.

const { key, tokenTask } = await settings();
const { token } = await makeToken(tokenTask);

const reference = SwaggerUIBundle({
  domNode: document.getElementById('reference'),
  url: '/docs/openapi.json',
  validatorUrl: null,
  deepLinking: true,
  tryItOutEnabled: true,
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
  requestInterceptor: prepare,
  onComplete() {
    reference.preauthorizeApiKey('ApiKey', key);
    reference.preauthorizeApiKey('Bearer', token);
  },
});

/** Signs webhooks, and leaves one of two ways to authenticate: the gateway takes exactly one. */
async function prepare(request) {
  const { pathname } = new URL(request.url, location.origin);
  const { headers } = request;
  if (pathname === '/gateway/webhooks/cancel-task') {
    Object.assign(headers, await signWebhook(request.body));
    return request;
  }
  if (headers['X-API-Key'] && headers.Authorization) {
    const { caller } = document.getElementById('callers').elements;
    delete headers[caller.value === 'key' ? 'Authorization' : 'X-API-Key'];
  }
  if (headers.Authorization === `Bearer ${token}`) {
    const [, task = tokenTask] = /^\/gateway\/tasks\/([\w-]{1,128})$/.exec(pathname) ?? [];
    headers.Authorization = `Bearer ${(await makeToken(task)).token}`;
  }
  return request;
}
