import type { OpenEndpoint, OtherEndpoint } from '../endpoint.ts';
import { requireJson } from '../lib/http/json-body.ts';
import { Problem } from '../lib/problems.ts';

/** Endpoints for agents, by the Model Context Protocol: `mcp.ts` has all of it, and is loaded when the first one calls. */

/** `POST /mcp`: one message. */
export const mcp: OtherEndpoint = {
  access: { schemes: ['bearer', 'api-key'], scope: 'tasks:read', isForAgents: true },
  maxBytes: 64 * 1024,
  validate(context) {
    requireJson(context);
    return {};
  },
  async handle(context, deps, callTool) {
    const described = deps.document();
    const reason = 'openapi.json is not beside the bundle, which has the tools';
    if (!described) throw new Problem('gateway-misconfigured', { reason });
    const { serveAgent } = await import('./mcp.ts');
    return serveAgent({ context, deps, described, callTool });
  },
};

/** `GET /.well-known/oauth-protected-resource`. */
export const metadata: OpenEndpoint = {
  async handle(_, { settings }) {
    const { resourceMetadata } = await import('./mcp.ts');
    return resourceMetadata(settings);
  },
};
