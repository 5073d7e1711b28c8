import type { IncomingMessage, ServerResponse } from 'node:http';
import { ControlError } from './control-input.ts';
import type { Controls } from './controls.ts';
import { send } from './fault-responses.ts';
import { helpText } from './help.ts';
import { readBody } from './read-body.ts';

/** Everything under this path is the control API, everything else DLC. */
const controlRoot = '/_emulator';

const maxBodyBytes = 10 * 1024 * 1024;

/** What a route answers: a JSON value, or text where it is marked so, or nothing. */
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

/** Serves one request to the control API. Mistakes are answered with a sentence: `{"error": "…"}`. */
export async function serveControl(
  controls: Controls,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = (request.url ?? '').split('?')[0] ?? '';
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

function problem(status: number, error: string): Reply {
  return { status, json: { error } };
}

function sendReply(response: ServerResponse, { status, json, text }: Reply): void {
  if (json === undefined && text === undefined) return void response.writeHead(status).end();
  const type = text === undefined ? 'application/json' : 'text/plain; charset=utf-8';
  send(response, text ?? `${JSON.stringify(json)}\n`, type, status);
}
