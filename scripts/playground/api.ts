import * as z from 'zod/mini';

import type { Emulator } from '../../emulator/emulator.ts';
import {
  DEMO_TASKS,
  demoDelivery,
  demoTasks,
  oneTaskToken,
  signedHeaders,
  TOKEN_TTL_SECONDS,
  type DemoCallers,
} from '../start/demo.ts';
import type { GatewayLog } from '../start/gateway.ts';
import { SENT_KINDS } from '../callers/webhook-kinds.ts';
import {
  agentRequest,
  batchRequest,
  createFlood,
  FLOOD_ENGINE,
  keyRequest,
  sendRequest,
  webhookRequest,
} from './callers.ts';
import type { PlaygroundAction, PlaygroundReply, PlaygroundRoutes } from './server.ts';

/** What the playground's pages ask their own server for. */
interface PlaygroundParts {
  readonly emulator: Emulator;
  /** The gateway's address. */
  readonly gateway: string;
  readonly callers: DemoCallers;
  readonly log: GatewayLog;
}

const RATE_WINDOW_MS = 30_000;

const taskIdSchema = z.string().check(z.regex(/^[A-Za-z0-9_-]{1,128}$/));
const requestIdSchema = z.string().check(z.regex(/^[A-Za-z0-9._-]{1,128}$/));
const task = z.object({ taskId: taskIdSchema });
/** Of the page: problems have their sentences in it. */
const language = z.enum(['en', 'zh-CN']);
const batch = z.object({
  taskIds: z.array(taskIdSchema),
  dryRun: z.boolean(),
  language,
  requestId: requestIdSchema,
});
const call = z.extend(task, {
  caller: z.enum(['key', 'webhook', 'agent']),
  kind: z.optional(z.enum(SENT_KINDS)),
  requestId: requestIdSchema,
  language: z.optional(language),
  prefer: z.optional(z.string().check(z.regex(/^wait=\d$/))),
});

const delivery = z.extend(task, { kind: z.enum(SENT_KINDS) });
const unsigned = z.object({ body: z.string() });

const CALLERS = { key: keyRequest, webhook: webhookRequest, agent: agentRequest } as const;

/** @returns the routes; `stop` ends a flood */
export function playgroundApi(parts: PlaygroundParts): { routes: PlaygroundRoutes; stop(): void } {
  const { emulator, gateway, callers, log } = parts;
  const flood = createFlood(emulator, gateway, callers);
  const routes: PlaygroundRoutes = {
    '/settings': {
      GET: () => {
        const demo = { key: callers.key, tokenTask: DEMO_TASKS.forToken };
        return ok({
          gateway,
          emulator: emulator.url,
          floodEngine: FLOOD_ENGINE,
          kinds: SENT_KINDS,
          ...demo,
        });
      },
    },
    '/docs/openapi.json': { GET: () => document(gateway) },
    '/signature': {
      POST: taking(unsigned, ({ body }) => ok(signedHeaders(body, callers.webhookSecret))),
    },
    '/delivery': {
      POST: taking(delivery, ({ kind, taskId }) => ok(demoDelivery(kind, taskId, callers))),
    },
    '/token': {
      POST: taking(task, async ({ taskId }) => {
        const token = await oneTaskToken(callers.tokenSecret, taskId);
        return ok({ token, seconds: TOKEN_TTL_SECONDS });
      }),
    },
    '/call': {
      POST: taking(call, async ({ caller, ...wanted }) => {
        const request = CALLERS[caller](gateway, callers, wanted);
        return ok({ request, response: await sendRequest(request) });
      }),
    },
    '/batch': {
      POST: taking(batch, async (wanted) => {
        const request = batchRequest(gateway, callers, wanted);
        return ok({ request, response: await sendRequest(request) });
      }),
    },
    '/log/': { GET: ({ segment }) => ok(log.linesOf(segment)) },
    '/flood': {
      GET: () => ok(flood.state()),
      POST: () => ({ status: flood.begin() ? 202 : 409, json: flood.state() }),
    },
    '/arrivals': { GET: () => ok(arrivals(emulator)) },
    '/_emulator/tasks': { GET: () => control(emulator, 'GET', '/tasks') },
    '/_emulator/stats': { GET: () => control(emulator, 'GET', '/stats') },
    '/_emulator/faults': {
      // A fault that an earlier cancellation did not use up would meet this one.
      POST: async ({ body }) => {
        await emulator.clearFaults();
        return control(emulator, 'POST', '/faults', body);
      },
    },
    '/_emulator/reset': {
      POST: async () => {
        flood.stop();
        const reply = await control(emulator, 'POST', '/reset');
        emulator.addTasks(demoTasks());
        return reply;
      },
    },
  };
  return { routes, stop: () => flood.stop() };
}

const ok = (json: unknown): PlaygroundReply => ({ status: 200, json });

/** An action that gets its checked input; for any other input the reply is a 400. */
function taking<Schema extends z.ZodMiniType>(
  schema: Schema,
  act: (input: z.output<Schema>) => PlaygroundReply | Promise<PlaygroundReply>,
): PlaygroundAction {
  return ({ body }) => {
    const input = schema.safeParse(body);
    if (input.success) return act(input.data);
    return { status: 400, json: { error: `wrong: ${input.error.issues[0]?.path.join('.')}` } };
  };
}

/** The gateway's OpenAPI document, whose requests go through the playground's own server. */
async function document(gateway: string): Promise<PlaygroundReply> {
  const response = await fetch(`${gateway}/openapi.json`);
  const servers = [{ url: '/gateway', description: 'The gateway, through the playground' }];
  return { status: response.status, json: { ...Object(await response.json()), servers } };
}

/** Passes a request on to the emulator's control API. */
async function control(
  emulator: Emulator,
  method: string,
  path: string,
  body?: unknown,
): Promise<PlaygroundReply> {
  const content = method === 'POST' && body !== undefined ? { body: JSON.stringify(body) } : {};
  const response = await fetch(`${emulator.url}/_emulator${path}`, { method, ...content });
  const text = await response.text();
  return { status: response.status, ...(text !== '' && { json: JSON.parse(text) }) };
}

/** When DLC received CancelTask in the last 30 seconds: milliseconds before now, the oldest first. */
function arrivals(emulator: Emulator): { windowMs: number; agoMs: number[] } {
  const now = Date.now();
  const times = emulator
    .requests()
    .filter(({ action }) => action === 'CancelTask')
    .map(({ at }) => now - Date.parse(at));
  return { windowMs: RATE_WINDOW_MS, agoMs: times.filter((ago) => ago < RATE_WINDOW_MS) };
}
