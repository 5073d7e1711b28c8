import type { IncomingMessage, ServerResponse } from 'node:http';
import { isIPv6 } from 'node:net';
import { ControlError } from './control-input.ts';
import type { Controls } from './controls.ts';
import { faultKinds } from './faults.ts';
import { pathOf, readBody, send } from './http.ts';

/** Everything under this path is the control API, everything else DLC. */
const controlRoot = '/_emulator';

const maxBodyBytes = 10 * 1024 * 1024;

/** A route's response: a JSON value, a text, or neither. */
type Reply = { status: number; json?: unknown; text?: string };
type Route = (controls: Controls, body: string) => Reply | Promise<Reply>;

const ok = (json: unknown): Reply => ({ status: 200, json });
const created = (json: unknown): Reply => ({ status: 201, json });
const done: Reply = { status: 204 };

const routes: Readonly<Record<string, Readonly<Record<string, Route>>>> = {
  '': { GET: () => ({ status: 200, text: helpText() }) },
  '/tasks': {
    GET: (controls) => ok(controls.tasks()),
    POST: (controls, body) => created(controls.addTasks(parse(body))),
  },
  '/faults': {
    GET: (controls) => ok(controls.faults()),
    POST: async (controls, body) => {
      await controls.addFault(parse(body));
      return created(controls.faults());
    },
    DELETE: async (controls) => {
      await controls.clearFaults();
      return done;
    },
  },
  '/stats': { GET: (controls) => ok(controls.stats()) },
  '/requests': { GET: (controls) => ok(controls.requests()) },
  '/reset': {
    POST: async (controls) => {
      await controls.reset();
      return done;
    },
  },
};

/** Whether a path belongs to the control API. */
export function isControlPath(path: string): boolean {
  return path === controlRoot || path.startsWith(`${controlRoot}/`);
}

/**
 * Serves one request to the control API. A wrong request gets a sentence: `{"error": "…"}`.
 *
 * @param access which requests are refused: see {@link refusalOf}
 */
export async function serveControl(
  controls: Controls,
  request: IncomingMessage,
  response: ServerResponse,
  access: ControlAccess,
): Promise<void> {
  const refusal = refusalOf(request, access);
  if (refusal) return sendReply(response, refusal);
  const path = pathOf(request);
  const body = await readBody(request, maxBodyBytes);
  const methods = new Map(Object.entries(routes)).get(path.slice(controlRoot.length));
  const route = new Map(Object.entries(methods ?? {})).get(request.method ?? '');
  if (methods === undefined) {
    return sendReply(
      response,
      problem(404, `There is no ${path}: GET ${controlRoot} says what is.`),
    );
  }
  if (route === undefined) {
    const allowed = Object.keys(methods).join(', ');
    response.setHeader('allow', allowed);
    return sendReply(response, problem(405, `${path} takes ${allowed}.`));
  }
  if (body === undefined) return sendReply(response, problem(413, 'The body is over 10 MB.'));
  return sendReply(response, await run(route, controls, body));
}

async function run(route: Route, controls: Controls, body: Buffer): Promise<Reply> {
  try {
    return await route(controls, body.toString('utf8'));
  } catch (error) {
    if (error instanceof ControlError) return problem(400, error.message);
    throw error;
  }
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new ControlError('the body must be JSON.');
  }
}

/** Which requests the control API takes. */
export interface ControlAccess {
  /** The host that the emulator listens on, as configured. */
  readonly host: string;
  /** The only Origin that requests may have, if any. */
  readonly origin?: string | undefined;
}

/**
 * Returns why a request is refused, if it is. A page of another origin can send requests to this port,
 * and by DNS rebinding under a host name of its own: so Host must be the emulator's own, and an Origin
 * the playground's.
 */
function refusalOf(
  { headersDistinct: { host = [], origin = [] }, socket }: IncomingMessage,
  access: ControlAccess,
): Reply | undefined {
  const address = socket.localAddress?.replace(/^::ffff:/, '') ?? '';
  // No DNS answer changes what `localhost` means to a browser.
  const own = [address, access.host, 'localhost'].map(
    (name) => `${isIPv6(name) ? `[${name}]` : name}:${socket.localPort}`,
  );
  if (host.length !== 1 || !own.includes((host[0] ?? '').toLowerCase())) {
    return problem(421, `The Host must be ${own[0]}.`);
  }
  if (origin.every((one) => one === access.origin)) return undefined;
  return problem(403, 'A page may not use the control API.');
}

function problem(status: number, error: string): Reply {
  return { status, json: { error } };
}

function sendReply(response: ServerResponse, { status, json, text }: Reply): void {
  if (json === undefined && text === undefined) return void response.writeHead(status).end();
  const type = text === undefined ? 'application/json' : 'text/plain; charset=utf-8';
  send(response, text ?? `${JSON.stringify(json)}\n`, type, status);
}

/** The text of `GET /_emulator`. */
function helpText(): string {
  return `An emulator of dlc.tencentcloudapi.com, version 2021-01-25: CancelTask and DescribeTasks at /.

GET    /_emulator/tasks     all tasks, the newest first
POST   /_emulator/tasks     {id, state, region?, engine?, engineId?, operator?, kind?, createdAt?} or an
                            array of any length: 201. The state is a name (initializing, running,
                            succeeded, writing, queued, failed, cancelled) or DLC's number. Without a
                            region every region has the task. A task of the same id and region is
                            replaced.
GET    /_emulator/faults    the faults that still wait for requests
POST   /_emulator/faults    {action, kind, times?, taskId?, accept?, ...} or an array: 201
DELETE /_emulator/faults    removes them: 204
GET    /_emulator/stats     {calls, busiestSecond, rateLimited, badSignatures, cancelled}
GET    /_emulator/requests  the last 1000 requests to the API
POST   /_emulator/reset     as new: 204

Kinds of faults: ${faultKinds.join(', ')}.
code {code, message?, detail?}  status {status}  delay {ms}  body {body, contentType?}
redirect {location}  refuse {ms?}
times: how many requests it applies to, or "always"; 1 by default. taskId: only requests about that task.
accept: true: the cancellation takes effect first.
refuse closes the port itself, for every new connection, whatever its action or task, until so many
attempts to connect have failed (Linux counts them, for all programs), at the longest for ms: by default
5000, or 500 for a number of times where the system does not count. Connections that have spoken to the
control API stay open: DELETE /_emulator/faults on one of them ends it.
CancelTask's limit is 20 arrivals in any second per region; refused ones count too.

This control API takes requests with its own Host only, and with no Origin but the playground's.
Not documented by Tencent Cloud, so not imitated: what DLC says to X-TC-Token beside a permanent key (it is
ignored here), and to UNSIGNED-PAYLOAD or signatures of version 1 (both are refused here).
`;
}
