import {
  cancelBody,
  KEY,
  keyEntry,
  startGateway,
  webhook,
  type Answer,
  type TestGateway,
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
const open = (target: string): Request => ({ method: 'GET', target, headers: [] });

export const cancel: Request = { method: 'DELETE', target: `/tasks/${TASK}`, headers: key };
export const get: Request = { method: 'GET', target: `/tasks/${TASK}`, headers: key };
/** Signed now. */
export const hook = (): Request => ({
  method: 'POST',
  target: '/webhooks/cancel-task',
  ...webhook(cancelBody(TASK)),
});

export const ALL_OPERATIONS: readonly (() => Request)[] = [
  () => cancel,
  () => get,
  hook,
  () => open('/openapi.json'),
  () => open('/problems/task-busy'),
  () => open('/healthz'),
];

type Settings = Readonly<Record<string, string>>;

/** A gateway that tries once, for a caller whose quota is large. */
export function gatewayWith(port: number, settings: Settings = {}): TestGateway {
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
): Promise<Answer> {
  return gatewayWith(port, settings).send(method, target, [...headers, ...more], readBody ?? body);
}

/** Status and code. */
export const shown = ({ status, body }: Answer): unknown => ({ status, code: body['code'] });
