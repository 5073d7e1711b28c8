import { default as middy } from '@middy/core';

import type {
  Batched,
  ByAgent,
  CallerContext,
  CallTool,
  Delivered,
  Deps,
  Endpoint,
  OneTask,
  PartialContext,
  RequestContext,
  Route,
  Routed,
  SeveralTasks,
} from './endpoint.ts';
import type { HttpResponse } from './lib/http/message.ts';
import { Problem } from './lib/problems.ts';
import { confirm, forAgents, requireAudience } from './middlewares/agents.ts';
import {
  createAuthenticate,
  refuseBlockedPrincipals,
  type Authenticate,
} from './middlewares/authenticate.ts';
import { authenticateSender, readDeliveryOf } from './middlewares/authenticate-sender.ts';
import { accessLog, auditResult, requireAuditLog } from './middlewares/log-lines.ts';
import { authorize, permit, permitEach } from './middlewares/permit.ts';
import { limitLoad, quota, quotaOfBatch } from './middlewares/quota.ts';
import { readBody, requestLimits, routeRequest } from './middlewares/request.ts';
import { cors, language, problemDetails, responseHeaders } from './middlewares/response.ts';
import { before, type Middleware } from './request-context.ts';

/**
 * The way of a request, from top to bottom. Each endpoint has a pipeline of its own, with the middlewares
 * that it needs. The contract fixes the order of the checks.
 */

/** What the outer middlewares need. They work even if the settings are wrong. */
export type OuterDeps = Pick<Deps, 'log' | 'clock'> & {
  readonly settings: Pick<Deps['settings'], 'corsOrigins' | 'problemPrefix'>;
};

/** They see every response, from the inside out: middy runs `after` and `onError` in the reverse order. */
const outer = (deps: OuterDeps): Middleware<PartialContext>[] => [
  accessLog(deps.log, deps.clock),
  auditResult(deps.log),
  responseHeaders,
  cors(deps.settings.corsOrigins),
  ...ofTools(deps),
];

/** They also run around the endpoint that a tool stands for, inside of those of the agent's own request. */
const ofTools = ({ log, settings }: OuterDeps): Middleware<PartialContext>[] => [
  language,
  problemDetails(log, settings.problemPrefix),
];

/**
 * Gives the middlewares from authentication to permission, if an endpoint is for callers who authenticate.
 *
 * @param authenticate absent for a tool: the agent's own request has come so far
 */
function ofCallers(
  endpoint: Endpoint,
  deps: Deps,
  authenticate?: Authenticate,
): Middleware<Complete>[] {
  if (!endpoint.access) return [];
  const { settings, log } = deps;
  const { about, maxBytes = 0 } = endpoint;
  const { schemes, scope, isBySender, isForAgents } = endpoint.access;
  const isSigned = schemes.includes('webhook');
  const isTool = !authenticate;
  const steps = [
    scope === 'tasks:cancel' && requireAuditLog(log),

    // Who is it?
    isForAgents && forAgents(settings),
    isBySender && authenticateSender(settings, maxBytes, deps),
    isSigned && !isBySender && readBody(maxBytes, false),
    !isBySender && authenticate?.(schemes),
    !isTool && refuseBlockedPrincipals(settings.blockedPrincipals),
    isForAgents && requireAudience,
    isBySender && readDeliveryOf(settings, log),

    // Not too much?
    !isForAgents && quota(scope, deps),
    !isForAgents && authorize(scope),
    !isTool && limitLoad(deps),

    // What is asked for, and is it allowed?
    !isTool && maxBytes > 0 && !isSigned && readBody(maxBytes, true),
    before((context: Complete) => endpoint.validate(context, settings)),
    isTool && confirm,
    about === 'tasks' && quotaOfBatch(deps),
    about === 'tasks' && permitEach(deps),
    about === 'task' && permit(scope, deps),
  ];
  return steps.filter((step) => typeof step === 'object');
}

/** What all middlewares together leave. */
type Complete = CallerContext &
  Delivered &
  ByAgent &
  OneTask &
  SeveralTasks &
  Batched & { readonly refusal: Problem };

type Respond<Context = RequestContext> = (context: Context) => Promise<HttpResponse>;

export function createPipeline(routes: readonly Route[], deps: Deps): Respond {
  const authenticate = createAuthenticate(deps.settings, deps);
  const handle: Respond<Complete> = async (context) =>
    context.endpoint.handle(context, deps, callTool);
  const serve = serving(handle, outer(deps), (endpoint) => [
    requestLimits(endpoint),
    ...ofCallers(endpoint, deps, authenticate),
  ]);
  const serveTool = serving(handle, ofTools(deps), (endpoint) => ofCallers(endpoint, deps));
  const callTool: CallTool = (context, { query, body, ...target }, agent) => {
    const routed = routeRequest(routes, target, '');
    const request = { ...context.request, query };
    // The agent's own route stays that of the request.
    const found = routed instanceof Problem ? routed : { ...routed, route: context.route };
    return serveTool(Object.assign(context, { request, body, agent }), found);
  };
  return (context) => serve(context, routeRequest(routes, context.request, deps.settings.basePath));
}

/** For a gateway whose settings are wrong: it refuses every request. */
export const createRefusingPipeline = (deps: OuterDeps): Respond =>
  toPipeline(outer(deps), async () => {
    throw new Problem('gateway-misconfigured');
  });

/**
 * Serves what was found for a request: an endpoint, or why there is none.
 *
 * @param inner what comes after `middlewares` for an endpoint; its pipeline is made at its first request
 */
function serving(
  handle: Respond<Complete>,
  middlewares: Middleware<Complete>[],
  inner: (endpoint: Endpoint) => Middleware<Complete>[],
) {
  const pipelines = new Map<Endpoint, Respond>();
  const refuse = toPipeline(middlewares, async ({ refusal }) => {
    throw refusal;
  });
  return (context: RequestContext, found: Routed | Problem): Promise<HttpResponse> => {
    if (found instanceof Problem) return refuse(Object.assign(context, { refusal: found }));
    const { endpoint } = found;
    const pipeline =
      pipelines.get(endpoint) ?? toPipeline([...middlewares, ...inner(endpoint)], handle);
    pipelines.set(endpoint, pipeline);
    return pipeline(Object.assign(context, found));
  };
}

/** middy asks for a platform's context; the request context has all that is used of one. */
const NO_CONTEXT = Object.create(null);

function toPipeline(middlewares: Middleware<Complete>[], handle: Respond<Complete>): Respond {
  // middy's early timeout has one AbortController for the whole module: the deadline is our own.
  const pipeline = middy<Complete, HttpResponse>({ timeoutEarlyInMillis: 0 }).use(middlewares);
  const handler = pipeline.handler(async (context: Complete) => handle(context));
  const whole: Whole = { respond: async (context: Complete) => handler(context, NO_CONTEXT) };
  return (context) => whole.respond(context);
}

/**
 * A method, whose parameter TypeScript compares both ways: the context is not yet complete when it comes
 * in, and the order of the list is what completes it.
 */
interface Whole {
  respond(context: RequestContext): Promise<HttpResponse>;
}
