import { KEY, startGateway, type Answer, type InProcessGateway } from './three-callers.ts';

/** Messages of agents, written by hand, in both eras of the Model Context Protocol. */

export const NEW = '2026-07-28';
export const OLD = '2025-11-25';

type Fields = Readonly<Record<string, string>>;

export interface Sent {
  readonly method: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly id?: string | number;
  /** Beside those of the era; an empty text takes a field away. */
  readonly headers?: Fields;
  readonly capabilities?: object;
  readonly clientInfo?: object;
}

export const MODERN_META = (capabilities: object = {}, clientInfo?: object) => ({
  'io.modelcontextprotocol/protocolVersion': NEW,
  'io.modelcontextprotocol/clientCapabilities': capabilities,
  ...(clientInfo && { 'io.modelcontextprotocol/clientInfo': clientInfo }),
});

export interface Agent {
  readonly gateway: InProcessGateway;
  /** Sends a message as clients did until 2026. */
  old(sent: Sent): Promise<Answer>;
  /** Sends a message as clients do since 2026-07-28. */
  modern(sent: Sent): Promise<Answer>;
  /** Calls a tool in the new era. @returns its result */
  tool(name: string, args?: object, sent?: Partial<Sent>): Promise<ToolResult>;
  /** Sends these bytes. */
  raw(body: string, headers?: Fields): Promise<Answer>;
}

export interface ToolResult {
  readonly isError?: boolean;
  readonly structuredContent: Readonly<Record<string, unknown>>;
  readonly content: readonly { readonly type: string; readonly text: string }[];
  readonly [other: string]: unknown;
}

const COMMON = { host: 'gateway.example.org', 'content-type': 'application/json' };

/** @param credentials header fields that authenticate */
export function agentOf(
  gateway: InProcessGateway,
  credentials: Fields = { 'x-api-key': KEY },
): Agent {
  const raw: Agent['raw'] = (body, headers = {}) => {
    const all = Object.entries({ ...COMMON, ...credentials, ...headers });
    return gateway.send(
      'POST',
      '/mcp',
      all.filter(([, value]) => value !== ''),
      body,
    );
  };
  const old: Agent['old'] = ({ id = 1, headers = {}, method, params }) =>
    raw(JSON.stringify({ jsonrpc: '2.0', id, method, params }), headers);
  const modern: Agent['modern'] = ({
    id = 1,
    headers,
    method,
    params,
    capabilities,
    clientInfo,
  }) => {
    const meta = { _meta: MODERN_META(capabilities, clientInfo) };
    const fields = {
      'mcp-protocol-version': NEW,
      'mcp-method': method,
      ...(typeof params?.['name'] === 'string' && { 'mcp-name': params['name'] }),
      ...headers,
    };
    const message = { jsonrpc: '2.0', id, method, params: { ...meta, ...params } };
    return raw(JSON.stringify(message), fields);
  };
  return {
    gateway,
    old,
    modern,
    raw,
    async tool(name, args, sent = {}) {
      const params = { name, arguments: args, ...sent.params };
      const response = await modern({ ...sent, method: 'tools/call', params });
      if (response.status !== 200) throw new Error(`${response.status} ${response.text}`);
      return resultOf(response);
    },
  };
}

export function startAgent(port: number, env: Fields = {}, credentials?: Fields): Agent {
  return agentOf(startGateway(port, { CALLER_RATE: '9999/s', ...env }), credentials);
}

export function resultOf(response: Answer): ToolResult {
  const { result } = response.body;
  if (!result) throw new Error(`no result: ${response.status} ${response.text}`);
  return Object(result);
}

export const errorOf = ({ status, body }: Answer): object => ({
  status,
  code: Object(body['error']).code,
});
