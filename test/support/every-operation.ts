import { operations } from './described.ts';
import {
  cancelBody,
  KEY,
  SINK_SECRET,
  keyEntry,
  startGateway,
  webhook,
  type Answer,
  type InProcessGateway,
} from './three-callers.ts';

/** One request to each operation, which succeeds where nothing is put in its way. */
export interface Request {
  readonly method: string;
  readonly target: string;
  readonly headers: Pairs;
  readonly body?: string;
}
type Pairs = readonly (readonly [string, string])[];

/** The task that they are about. */
export const TASK = 'a-task';

const key = [['X-API-Key', KEY]] as const;

export const cancel: Request = { method: 'DELETE', target: `/tasks/${TASK}`, headers: key };
export const get: Request = { method: 'GET', target: `/tasks/${TASK}`, headers: key };
export const list: Request = { method: 'GET', target: '/tasks', headers: key };
export const batch: Request = {
  method: 'POST',
  target: '/tasks:cancel',
  headers: [...key, ['Content-Type', 'application/json']],
  body: JSON.stringify({ taskIds: [TASK] }),
};
/** Signed now. */
export const hook = (): Request => ({
  method: 'POST',
  target: '/webhooks/cancel-task',
  ...webhook(cancelBody(TASK)),
});
/** Of a sender as it is. */
export const delivery: Request = {
  method: 'POST',
  target: '/webhooks/sink',
  headers: [
    ['Content-Type', 'application/json'],
    ['Authorization', `Bearer ${SINK_SECRET}`],
  ],
  body: JSON.stringify(cancelBody(TASK)),
};

/** Of an agent. */
const mcp: Request = {
  method: 'POST',
  target: '/mcp',
  headers: [...key, ['Content-Type', 'application/json']],
  body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' }),
};

export const ALL_OPERATIONS: readonly (() => Request)[] = [
  () => cancel,
  () => get,
  () => list,
  () => batch,
  hook,
  () => delivery,
  () => mcp,
  ...openOperations(),
];

/** The operations without authentication, with the examples of the OpenAPI document as parameters. */
function openOperations(): (() => Request)[] {
  const found = operations.filter(({ operation }) => operation.security.length === 0);
  return found.map(({ method, template, operation }) => {
    const example = (name: string): string =>
      operation.parameters.find((one) => one.name === name)?.example ?? '';
    const target = template.replace(/\{(\w+)\}/, (_, name: string) => example(name));
    return () => ({ method, target, headers: [] });
  });
}

type Settings = Readonly<Record<string, string>>;

/** A gateway that tries once, for a caller whose quota is large. */
export function gatewayWith(port: number, settings: Settings = {}): InProcessGateway {
  const API_KEYS = JSON.stringify([keyEntry(KEY, { rate: '9999/s' })]);
  return startGateway(port, { API_KEYS, MAX_ATTEMPTS: '1', ...settings });
}

/** Sends a request to a gateway of its own, with more header fields and perhaps another body. */
export function ask(
  port: number,
  settings: Settings,
  { method, target, headers, body }: Request,
  more: Pairs = [],
  readBody?: () => Promise<Buffer>,
  isDefective = false,
): Promise<Answer> {
  const pairs = [...headers, ...more];
  return gatewayWith(port, settings).send(method, target, pairs, readBody ?? body, isDefective);
}

/** Status and code. */
export const shown = ({ status, body }: Answer): unknown => ({ status, code: body['code'] });
