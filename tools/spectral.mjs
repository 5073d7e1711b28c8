import owasp from '@stoplight/spectral-owasp-ruleset';
import { oas } from '@stoplight/spectral-rulesets';

/** Every rule of both sets, those too that are not recommended; what does not apply is off where it does not. */

const noCredentialsInUrl = 'owasp:api2:2023-no-credentials-in-url';

/** A place in the document. Braces are encoded, for Spectral would expand them. */
const at = (...steps) => {
  const pointer = steps.map((step) => encodeURIComponent(step.replaceAll('/', '~1')));
  return `../dist/openapi.json#/${pointer.join('/')}`;
};
const off = (...rules) => Object.fromEntries(rules.map((rule) => [rule, 'off']));

/** Open to anybody, as probes, tools and people who look a problem up have no credentials. */
const OPEN = ['/openapi.json', '/problems/{code}', '/healthz'];

const AUTHENTICATED = [
  ['/tasks/{taskId}', 'delete'],
  ['/tasks/{taskId}', 'get'],
  ['/webhooks/cancel-task', 'post'],
];
/** Told before anybody is authenticated: nobody's quota is known yet, and none may be guessed at. */
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
      files: OPEN.map((path) => at('paths', path)),
      rules: off(
        'owasp:api2:2023-read-restricted',
        'owasp:api4:2023-rate-limit',
        'owasp:api4:2023-rate-limit-responses-429',
        'owasp:api8:2023-define-error-responses-401',
      ),
    },
    {
      files: AUTHENTICATED.flatMap(([path, method]) =>
        BEFORE_QUOTA.map((status) => at('paths', path, method, 'responses', status)),
      ),
      rules: off('owasp:api4:2023-rate-limit'),
    },
    {
      // Senders are servers: a browser has no business there, and gets no CORS header.
      // Components are no answer, but a list of fields to choose from.
      files: [at('paths', '/webhooks/cancel-task'), at('components', 'headers')],
      rules: off('owasp:api8:2023-define-cors-origin'),
    },
  ],
};
