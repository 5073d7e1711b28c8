import { readFileSync } from 'node:fs';

import owasp from '@stoplight/spectral-owasp-ruleset';
import { oas } from '@stoplight/spectral-rulesets';

/** Every rule of both sets, those too that are not recommended; what does not apply is off where it does not. */

const noCredentialsInUrl = 'owasp:api2:2023-no-credentials-in-url';

/** A place in the document. Braces are encoded, since Spectral would expand them. */
const at = (...steps) => {
  const pointer = steps.map((step) => encodeURIComponent(step.replaceAll('/', '~1')));
  return `../dist/openapi.json#/${pointer.join('/')}`;
};
const off = (...rules) => Object.fromEntries(rules.map((rule) => [rule, 'off']));

// Spectral runs in the project's folder, and has no import.meta.url.
const { paths } = JSON.parse(readFileSync('dist/openapi.json', 'utf8'));
const operations = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);
const isOpen = ({ operation }) => operation.security.length === 0;

/** Responses from before authentication: no caller's quota is known yet. */
const SENDERS = ['/webhooks/cancel-task', '/webhooks/{senderId}'];
const BEFORE_QUOTA = ['401', '405', '408', '413', '431'];

export default {
  extends: [
    [oas, 'all'],
    [owasp, 'all'],
  ],
  rules: {
    // What readers come for stands first.
    'openapi-tags-alphabetical': 'off',
    // Whoever operates a gateway is not known to its source.
    'contact-properties': 'off',
    // The same rule; its own path also calls `match` on a schema whose member is named "in".
    [noCredentialsInUrl]: {
      ...owasp.rules[noCredentialsInUrl],
      given: "$..parameters[?(@ && (@.in === 'query' || @.in === 'path'))].name",
    },
  },
  overrides: [
    {
      // Probes, tools and people who look a problem up have no credentials.
      files: operations.filter(isOpen).map(({ path, method }) => at('paths', path, method)),
      rules: off(
        'owasp:api2:2023-read-restricted',
        'owasp:api4:2023-rate-limit',
        'owasp:api4:2023-rate-limit-responses-429',
        'owasp:api8:2023-define-error-responses-401',
      ),
    },
    {
      files: operations
        .filter((one) => !isOpen(one))
        .flatMap(({ path, method }) =>
          BEFORE_QUOTA.map((status) => at('paths', path, method, 'responses', status)),
        ),
      rules: off('owasp:api4:2023-rate-limit'),
    },
    {
      // A response to HEAD has no body.
      files: operations
        .filter(({ method }) => method === 'head')
        .map(({ path, method }) => at('paths', path, method)),
      rules: off(
        'owasp:api4:2023-rate-limit-responses-429',
        'owasp:api8:2023-define-error-responses-401',
        'owasp:api8:2023-define-error-responses-500',
      ),
    },
    {
      // Some senders give up at a 429: to all of them, "later" is a 503.
      files: [at('paths', '/webhooks/{senderId}')],
      rules: off('owasp:api4:2023-rate-limit-responses-429'),
    },
    {
      // Senders are servers: browsers get no CORS header there. Components are no response, but a list of fields.
      files: [...SENDERS.map((path) => at('paths', path)), at('components', 'headers')],
      rules: off('owasp:api8:2023-define-cors-origin'),
    },
    {
      // Only a call of a tool counts, and what refuses it is a result of status 200.
      files: [at('paths', '/mcp')],
      rules: off('owasp:api4:2023-rate-limit', 'owasp:api4:2023-rate-limit-responses-429'),
    },
    {
      // The tools' schemas are JSON Schema for agents, which knows no format for integers.
      files: [at('x-tools')],
      rules: off('owasp:api4:2023-integer-format'),
    },
  ],
};
