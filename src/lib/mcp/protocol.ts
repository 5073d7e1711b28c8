import { isJsonObject, valueAt, type JsonObject } from '../auth/json-pointer.ts';
import type { HeaderFields } from '../http/message.ts';

/** JSON-RPC as both eras of the Model Context Protocol use it: until 2026-07-28 with `initialize`, since then without. */

const NEW_VERSION = '2026-07-28';
/** The first is for clients that ask for a version that the gateway does not speak. */
export const OLD_VERSIONS = ['2025-11-25', '2025-06-18'] as const;
export const VERSIONS: readonly string[] = [NEW_VERSION, ...OLD_VERSIONS];

/** A request. */
export interface Message {
  readonly id: string | number;
  readonly method: string;
  readonly params: JsonObject;
  readonly isNew: boolean;
}

/** A refusal in the form of the protocol (JSON-RPC 2.0 section 5.1; MCP 2026-07-28, "Error Codes"). */
export class RpcError extends Error {
  readonly code: number;
  readonly status: number;
  readonly data: object | undefined;

  constructor(code: number, message: string, status = 400, data?: object) {
    super(message);
    this.code = code;
    this.status = status;
    this.data = data;
  }
}

/** A member of `_meta` that the protocol defines. */
export const metaOf = (params: JsonObject, name: string): unknown =>
  valueAt(params, ['_meta', `io.modelcontextprotocol/${name}`]);

/** @throws RpcError if the body is not JSON in UTF-8 */
export function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    throw new RpcError(-32_700, 'The body must be JSON in UTF-8.');
  }
}

/** The id of a request, as far as it is one: refusals carry it. */
export function idOf(message: unknown): Message['id'] | null {
  const { id } = Object(message);
  return typeof id === 'string' || Number.isSafeInteger(id) ? id : null;
}

/** @returns nothing for a notification, which wants no answer @throws RpcError by the rules of the era */
export function readMessage(message: unknown, headers: HeaderFields): Message | undefined {
  const { jsonrpc, id, method, params = {} } = Object(message);
  const isSound = jsonrpc === '2.0' && typeof method === 'string' && isJsonObject(params);
  if (!isJsonObject(message) || !isSound || (id !== undefined && idOf(message) === null)) {
    throw new RpcError(-32_600, 'The body must be one JSON-RPC request.');
  }
  if (id === undefined) return undefined;
  const [version = ''] = headers.get('mcp-protocol-version') ?? [];
  const isNewer = /^\d{4}-\d\d-\d\d$/.test(version) && version >= NEW_VERSION;
  const isNew = isNewer || metaOf(params, 'protocolVersion') !== undefined;
  if (isNew) checkNew(method, params, headers);
  else if (version !== '' && !VERSIONS.includes(version)) throw unsupported(version);
  return { id, method, params, isNew };
}

/** Streamable HTTP, "Server Validation": what proxies see in the header must be what the body says. */
function checkNew(method: string, params: JsonObject, headers: HeaderFields): void {
  const version = metaOf(params, 'protocolVersion');
  if (typeof version !== 'string' || !isJsonObject(metaOf(params, 'clientCapabilities'))) {
    throw new RpcError(-32_602, '_meta must have protocolVersion and clientCapabilities.');
  }
  const expectSame = (field: string, value: string): void => {
    const [first = '', another] = headers.get(field) ?? [];
    if (another === undefined && decoded(first.trim()) === value) return;
    throw new RpcError(-32_020, `The header field ${field} must be as in the body.`);
  };
  expectSame('mcp-protocol-version', version);
  if (version !== NEW_VERSION) throw unsupported(version);
  expectSame('mcp-method', method);
  const { name } = params;
  if (method === 'tools/call' && typeof name === 'string') expectSame('mcp-name', name);
}

function unsupported(requested: string): RpcError {
  const data = { supported: VERSIONS, requested: requested.slice(0, 64) };
  return new RpcError(-32_022, 'Unsupported protocol version', 400, data);
}

/** Streamable HTTP, "Value Encoding". What is no proper Base64 stays as it is, and fits nothing. */
function decoded(value: string): string {
  const [, base64 = ''] = /^=\?base64\?(.+)\?=$/.exec(value) ?? [];
  const bytes = Buffer.from(base64, 'base64');
  return base64 && bytes.toString('base64') === base64 ? String(bytes) : value;
}
