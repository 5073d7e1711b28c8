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

/** What an agent calls by a tool goes through these, inside of those that its own request goes through. */
const ofTools = ({ log, settings }: OuterDeps): Middleware<PartialContext>[] => [
  language,
  problemDetails(log, settings.problemPrefix),
];

/**
 * From the proof of the caller to the permission, for an endpoint whose callers authenticate.
 *
 * @param find finds the principal; absent for a tool, to which the agent's own request has brought it
 */
function ofCallers(endpoint: Endpoint, deps: Deps, find?: Authenticate): Middleware<Complete>[] {
  if (!endpoint.access) return [];
  const { settings, log } = deps;
  const { about, maxBytes = 0 } = endpoint;
  const { schemes, scope, isBySender, isForAgents } = endpoint.access;
  const isSigned = schemes.includes('webhook');
  const steps = [
    scope === 'tasks:cancel' && requireAuditLog(log),

    // Who is it?
    isForAgents && forAgents(settings),
    isBySender && authenticateSender(settings, maxBytes, deps),
    isSigned && !isBySender && readBody(maxBytes, false),
    find && !isBySender && find(schemes),
    find && refuseBlockedPrincipals(settings.blockedPrincipals),
    isForAgents && requireAudience,
    isBySender && readDeliveryOf(settings, log),

    // Not too much?
    !isForAgents && quota(scope, deps),
    !isForAgents && authorize(scope),
    find && limitLoad(deps),

    // What is asked for, and is it allowed?
    find && maxBytes > 0 && !isSigned && readBody(maxBytes, true),
    before((context: Complete) => endpoint.validate(context, settings)),
    !find && confirm,
    about === 'tasks' && quotaOfBatch(deps),
    about === 'tasks' && permitEach(deps),
    about === 'task' && permit(scope, deps),
  ];
  return steps.filter((step) => typeof step === 'object');
}

/** What the last middleware leaves, if all of them are there. */
type Complete = CallerContext & Delivered & SeveralTasks & ByAgent & OneTask & Batched;

type Respond<Context = RequestContext> = (context: Context) => Promise<HttpResponse>;

export function createPipeline(routes: readonly Route[], deps: Deps): Respond {
  const find = createAuthenticate(deps.settings, deps);
  const handle: Respond<Complete> = async (context) =>
    context.endpoint.handle(context, deps, callTool);
  const whole = perEndpoint((endpoint) =>
    toPipeline(
      [...outer(deps), requestLimits(endpoint), ...ofCallers(endpoint, deps, find)],
      handle,
    ),
  );
  const refuse = refusing(outer(deps));

  const tool = perEndpoint((endpoint) =>
    toPipeline([...ofTools(deps), ...ofCallers(endpoint, deps)], handle),
  );
  const refuseTool = refusing(ofTools(deps));
  const callTool: CallTool = async (context, { query, body, ...target }, agent) => {
    const routed = routeRequest(routes, target, '');
    if (routed instanceof Problem) return refuseTool(context, routed);
    const { endpoint, parameter } = routed;
    const request = { ...context.request, query };
    return tool(endpoint)(Object.assign(context, { endpoint, parameter, request, body, agent }));
  };

  return async (context) => {
    const routed = routeRequest(routes, context.request, deps.settings.basePath);
    if (routed instanceof Problem) return refuse(context, routed);
    return whole(routed.endpoint)(Object.assign(context, routed));
  };
}

/** For a gateway whose settings are wrong: it refuses every request. */
export function createRefusingPipeline(deps: OuterDeps): Respond {
  const refuse = refusing(outer(deps));
  return (context) => refuse(context, new Problem('gateway-misconfigured'));
}

/** For requests that reach no endpoint. */
function refusing(middlewares: readonly Middleware<PartialContext>[]) {
  const pipeline = toPipeline<Refused>(middlewares, async ({ refusal }) => {
    throw refusal;
  });
  return (context: RequestContext, refusal: Problem) =>
    pipeline(Object.assign(context, { refusal }));
}

interface Refused extends RequestContext {
  readonly refusal: Problem;
}

/** Makes each pipeline at its first request. */
function perEndpoint(make: (endpoint: Endpoint) => Respond): (endpoint: Endpoint) => Respond {
  const made = new Map<Endpoint, Respond>();
  return (endpoint) => {
    const pipeline = made.get(endpoint) ?? make(endpoint);
    made.set(endpoint, pipeline);
    return pipeline;
  };
}

/** middy asks for a platform's context; the request context has all that is used of one. */
const NO_CONTEXT = Object.create(null);

function toPipeline<End extends RequestContext>(
  middlewares: readonly Middleware<End>[],
  handle: Respond<End>,
): Respond {
  // middy's early timeout has one AbortController for the whole module: the deadline is our own.
  const pipeline = middy<End, HttpResponse>({ timeoutEarlyInMillis: 0 });
  for (const middleware of middlewares) pipeline.use(middleware);
  const handler = pipeline.handler(async (context: End) => handle(context));
  const whole: Whole = { respond: async (context: End) => handler(context, NO_CONTEXT) };
  return (context) => whole.respond(context);
}

/**
 * A method, whose parameter TypeScript compares both ways: the context is not yet complete when it comes
 * in, and the order of the list is what completes it.
 */
interface Whole {
  respond(context: RequestContext): Promise<HttpResponse>;
}
