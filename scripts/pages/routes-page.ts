import type { Endpoint } from '../../src/endpoint.ts';
import type { Scheme } from '../../src/lib/auth/principal.ts';
import { describedEndpoints } from '../openapi/operations.ts';

/** The text of docs/routes.md. */
export function routesPage(): string {
  const endpoints = describedEndpoints();
  const rows = endpoints.map(({ words: { route, summary }, endpoint }) =>
    row([`\`${route}\``, accessOf(endpoint), summary]),
  );
  const sections = endpoints.map(({ words: { route, description, successes } }) =>
    [
      `## \`${route}\`\n`,
      `${description}\n`,
      ...Object.entries(successes).map(
        ([status, success]) => `- ${status}: ${success.description}`,
      ),
    ].join('\n'),
  );
  return `# Requests

<!-- Made by \`npm run pages\`: change src/handlers/routes.ts and the *.openapi.ts files beside the handlers instead. -->

\`GET /openapi.json\` has all of this with schemas and examples; errors are in [errors.md](errors.md).

| request | takes | does |
|---|---|---|
${rows.join('\n')}

${sections.join('\n\n')}
`;
}

const SCHEMES: Readonly<Record<Scheme, string>> = {
  'api-key': 'API key',
  bearer: 'token',
  webhook: 'signed webhook',
};

function accessOf({ access }: Endpoint): string {
  if (!access) return 'nothing';
  const schemes = access.schemes.map((scheme) => SCHEMES[scheme]).join(' or ');
  return `${schemes}; ${access.isForAgents ? 'the scope of the tool' : `scope \`${access.scope}\``}`;
}

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
