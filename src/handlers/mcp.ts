import type { ByAgent, CallerContext, CallTool, Deps } from '../endpoint.ts';
import type { ApiDocument, Tool } from '../lib/api-document.ts';
import { isJsonObject, type JsonObject } from '../lib/auth/json-pointer.ts';
import { SCOPES } from '../lib/auth/principal.ts';
import type { HttpResponse } from '../lib/http/message.ts';
import { jsonResponse } from '../lib/http/response.ts';
import { whyNotConfirmed } from '../lib/mcp/confirmation.ts';
import * as protocol from '../lib/mcp/protocol.ts';
import { RpcError, type Message } from '../lib/mcp/protocol.ts';
import type { Settings } from '../settings.ts';

/** The Model Context Protocol over HTTP, stateless, in both of its eras: a bundle of its own. */

interface Agent {
  readonly context: CallerContext;
  readonly deps: Deps;
  readonly described: ApiDocument;
  readonly callTool: CallTool;
}

/** `POST /mcp`: responds to the message of an agent who is authenticated. */
export async function serveAgent(agent: Agent): Promise<HttpResponse> {
  const { request, body: bytes } = agent.context;
  let body: unknown;
  try {
    body = protocol.parse(bytes);
    const message = protocol.readMessage(body, request.headers);
    if (!message) return { status: 202, headers: {}, body: '' };
    const { result, response } = await respond(message, agent);
    // A defect is no refusal that a model could act on.
    if (response?.logged?.problem?.code === 'internal-error') return response;
    const passed = Object.entries(response?.headers ?? {}).filter(([name]) => PASSED.test(name));
    const whole = { jsonrpc: '2.0', id: message.id, result };
    return { ...response, ...jsonResponse(200, whole, Object.fromEntries(passed)) };
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    const { code, message, data, status } = error;
    const whole = { jsonrpc: '2.0', id: protocol.idOf(body), error: { code, message, data } };
    return jsonResponse(status, whole);
  }
}

/** Header fields of a route's response that are the whole's too. */
const PASSED = /^(Retry-After|X-Tc-Request-Id|Preference-Applied|Vary)$/;

/** `GET /.well-known/oauth-protected-resource[/mcp]` (RFC 9728 section 2): where to get a token. */
export function resourceMetadata({ publicUrl, jwtIssuers }: Settings): HttpResponse {
  const issuers = jwtIssuers
    .filter(({ issuer, audience }) => issuer.startsWith('https://') && audience.length > 0)
    .map(({ issuer }) => issuer);
  return jsonResponse(200, {
    resource: `${publicUrl}/mcp`,
    ...(issuers.length > 0 && { authorization_servers: issuers }),
    scopes_supported: SCOPES,
    bearer_methods_supported: ['header'],
    resource_name: NAME,
  });
}

const NAME = 'dlc-task-gateway';
const ABOUT = {
  capabilities: { tools: {} },
  instructions:
    'Lists, shows and cancels tasks of Tencent Cloud DLC, within what the caller may do. List first, then cancel the ids that were listed.',
};
/** The same for every caller, until the next deployment. */
const CACHE = { ttlMs: 3_600_000, cacheScope: 'public' };

/** @returns the result; for a tool, with the response of its route */
async function respond(
  { isNew, method, params }: Message,
  agent: Agent,
): Promise<{ result: object; response?: HttpResponse }> {
  const { tools, version } = agent.described;
  const serverInfo = { name: NAME, version };
  if (!isNew && method === 'ping') return { result: {} };
  if (!isNew && method === 'initialize') {
    const [newest, ...older] = protocol.OLD_VERSIONS;
    const protocolVersion = older.find((one) => one === params['protocolVersion']) ?? newest;
    return { result: { protocolVersion, serverInfo, ...ABOUT } };
  }
  const added = { _meta: { 'io.modelcontextprotocol/serverInfo': serverInfo } };
  const typed = (result: object) =>
    isNew ? { resultType: 'complete', ...result, ...added } : result;
  if (isNew && method === 'server/discover') {
    return { result: typed({ supportedVersions: protocol.VERSIONS, ...ABOUT, ...CACHE }) };
  }
  if (method === 'tools/list') {
    // Without lookups, only those that cancel work.
    const some = tools.filter(
      (tool) => agent.deps.settings.taskStateLookup || tool.method !== 'GET',
    );
    const shown = some.map((tool) => ({ name: tool.name, ...tool.shown }));
    return { result: typed({ tools: shown, ...CACHE }) };
  }
  if (method !== 'tools/call') throw new RpcError(-32_601, 'Method not found', isNew ? 404 : 200);
  const { name, arguments: args = {} } = params;
  const tool = tools.find((one) => one.name === name);
  if (!tool || !isJsonObject(args)) {
    const why = tool ? 'arguments must be an object' : 'Unknown tool';
    throw new RpcError(-32_602, why, 200);
  }
  // What a client shows or is called, it says with each call since 2026-07-28 alone.
  const { result, response } = await callTool(tool, args, isNew ? params : {}, agent);
  return { result: typed(result), response };
}

/** The route's response is the result, also if it is a refusal: the model has to know it. */
async function callTool(tool: Tool, args: JsonObject, params: JsonObject, agent: Agent) {
  const { settings, clock } = agent.deps;
  const { mcpConfirm, mcpStateSecret: secret = '' } = settings;
  let question: object | undefined;
  const whyNot: ByAgent['agent']['whyNotConfirmed'] = ({ principal, task, tasks, dryRun }) => {
    if (!mcpConfirm || dryRun || tool.method === 'GET') return undefined;
    const asked = {
      principal: principal.id,
      tool: tool.name,
      args,
      tasks: tasks ?? [task].flatMap((one) => one ?? []),
      secret,
      now: clock.now(),
    };
    const why = whyNotConfirmed(asked, params);
    question = why?.question;
    return why?.refusal;
  };
  const { name, version } = Object(protocol.metaOf(params, 'clientInfo'));
  const texts = [name, version].filter((one) => typeof one === 'string');
  const client = texts.map((one) => one.slice(0, 64)).join(' ') || undefined;
  const caller = { tool: tool.name, client, whyNotConfirmed: whyNot };
  const response = await agent.callTool(agent.context, toRouteRequest(tool, args), caller);
  const isError = response.status >= 400;
  const { 'Retry-After': seconds } = response.headers;
  // A model sees no header fields.
  const added = isError && seconds !== undefined ? { retryAfter: Number(seconds) } : {};
  const structuredContent = { ...JSON.parse(response.body), ...added };
  const content = [{ type: 'text', text: JSON.stringify(structuredContent) }];
  return { result: question ?? { content, structuredContent, isError }, response };
}

/** What does not fit is left for the route to refuse. */
function toRouteRequest({ method, path }: Tool, args: JsonObject): Parameters<CallTool>[1] {
  if (method === 'POST') return { method, path, query: [], body: toBody(args) };
  const { taskId, ...others } = args;
  const isPlain = typeof taskId === 'string' && /^[\w-]+$/.test(taskId);
  const query = Object.entries(path === '/tasks' ? args : others).map(([name, value]) => {
    // No value is taken for another one.
    const fits = typeof value === (name === 'limit' ? 'number' : 'string');
    return [name, fits ? String(value) : ''] as const;
  });
  return { method, path: path.replace('{taskId}', isPlain ? taskId : '%'), query, body: toBody() };
}

function toBody(args?: JsonObject): Buffer {
  try {
    return Buffer.from(args ? JSON.stringify(args) : '');
  } catch {
    // JSON can be nested deeper than it can be written.
    return Buffer.alloc(0);
  }
}
