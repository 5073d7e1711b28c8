import type { PlaygroundRoutes } from './server.ts';

/** The API reference at `/docs`: Swagger UI from `node_modules`, over the document that the gateway serves. */
export function referencePages(gatewayUrl: string): PlaygroundRoutes {
  return {
    '/docs': { type: 'text/html; charset=utf-8', content: page(`${gatewayUrl}/openapi.json`) },
    '/docs/start.js': { type: 'text/javascript; charset=utf-8', content: START },
    '/docs/swagger-ui.js': {
      type: 'text/javascript; charset=utf-8',
      content: new URL(import.meta.resolve('swagger-ui-dist/swagger-ui-bundle.js')),
    },
    '/docs/swagger-ui.css': {
      type: 'text/css; charset=utf-8',
      content: new URL(import.meta.resolve('swagger-ui-dist/swagger-ui.css')),
    },
  };
}

const page = (documentUrl: string): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/swagger-ui.css">
<title>dlc-task-gateway: API reference</title>
<main id="reference" data-document="${documentUrl}"></main>
<script src="/docs/swagger-ui.js"></script>
<script src="/docs/start.js"></script>
</html>
`;

/** No validator, no proxy: nothing but the gateway is asked. */
const START = `const reference = document.getElementById('reference');
SwaggerUIBundle({
  domNode: reference,
  url: reference.dataset.document,
  validatorUrl: null,
  deepLinking: true,
  tryItOutEnabled: true,
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
});
`;
