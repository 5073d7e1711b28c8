import { default as middy } from '@middy/core';

import type {
  AgentRequest,
  ByAgent,
  CallerEndpoint,
  Deps,
  Endpoint,
  Route,
  TaskInput,
  CallerContext,
  PartialContext,
  Permitted,
  Routed,
  RequestContext,
} from './endpoint.ts';
import type { HttpRequest, HttpResponse } from './lib/http/message.ts';
import { problemResponse } from './lib/http/response.ts';
import { Problem } from './lib/problems.ts';
import {
  createAuthenticate,
  refuseBlockedPrincipals,
  type Authenticate,
} from './middlewares/authenticate.ts';
import { authenticateSender, readDeliveryOf } from './middlewares/authenticate-sender.ts';
import { permitEach } from './middlewares/batch.ts';
import { accessLog, auditIntent, auditResult, requireAuditLog } from './middlewares/log-lines.ts';
import { authorize, permit } from './middlewares/permit.ts';
import { problemDetails } from './middlewares/problem-details.ts';
import { limitLoad, quota, quotaOfBatch } from './middlewares/quota.ts';
import { readBody, requestLimits, route, routeRequest } from './middlewares/request.ts';
import { cors, inItsLanguage, language, responseHeaders } from './middlewares/response-fields.ts';
import { before, type Middleware } from './request-context.ts';

/**
 * The way of a request, from top to bottom. The contract fixes the order of the checks. The outer
 * middlewares also see every response, from the inside out: middy runs `after` and `onError` in the
 * reverse order.
 */

type Respond<Context = RequestContext> = (context: Context) => Promise<HttpResponse>;

/** What the outer middlewares need. They work even if the settings are wrong. */
export type OuterDeps = Pick<Deps, 'log' | 'clock'> & {
  readonly settings: Pick<Deps['settings'], 'corsOrigins' | 'problemPrefix'>;
};

function outer({ log, clock, settings }: OuterDeps): Middleware<PartialContext>[] {
  return [
    accessLog(log, clock),
    auditResult(log),
    responseHeaders,
    cors(settings.corsOrigins),
    language,
    problemDetails(log, settings.problemPrefix),
  ];
}

/**
 * For every request. Each endpoint has a pipeline of its own: one for all, with those of the endpoints
 * inside, would take a tenth longer for a refusal.
 */
export function createPipeline(routes: readonly Route[], deps: Deps): Respond {
  const { basePath } = deps.settings;
  const authenticateBy = createAuthenticate(deps.settings, deps);
  const handle: Handle = async (context) => context.endpoint.handle(context, deps, agentRequest);
  const whole = perEndpoint((endpoint: Endpoint | undefined) =>
    withMiddlewares<RequestContext, EndContext>(
      [
        ...outer(deps),
        ...(endpoint ? [] : [route(routes, basePath)]),
        requestLimits,
        ...(endpoint?.access && !endpoint.access.isForAgents
          ? callerSteps(endpoint, deps, authenticateBy)
          : []),
      ],
      handle,
    ),
  );
  /** An agent's request goes through the steps of `/mcp`, and then through those of its tool's endpoint. */
  const part = perEndpoint((endpoint: Endpoint) => {
    const isEntry = endpoint.access?.isForAgents;
    const steps = endpoint.access ? callerSteps(endpoint, deps, isEntry && authenticateBy) : [];
    return withMiddlewares<CallerContext, EndContext>(steps, isEntry ? admitted : handle);
  });
  const agentRequest = (context: CallerContext): AgentRequest => ({
    context,
    deps,
    Problem,
    problemResponse,
    inItsLanguage: (response) => inItsLanguage(context.request, response),
    admit: () => part(context.endpoint)(context),
    async call({ query, body, ...target }, agent) {
      const { endpoint, parameter } = routeRequest(routes, target, '');
      const request = { ...context.request, query };
      return part(endpoint)(Object.assign(context, { endpoint, parameter, request, body, agent }));
    },
  });
  return async (context) => {
    const routed = routedOf(routes, context.request, basePath);
    return whole(routed?.endpoint)(Object.assign(context, routed));
  };
}

/** Makes each pipeline once. */
function perEndpoint<Key, Pipeline>(
  make: (endpoint: Key) => Pipeline,
): (endpoint: Key) => Pipeline {
  const made = new Map<Key, Pipeline>();
  return (endpoint) => {
    const pipeline = made.get(endpoint) ?? make(endpoint);
    made.set(endpoint, pipeline);
    return pipeline;
  };
}

type Handle = (context: EndContext) => Promise<HttpResponse>;
const admitted: Handle = async () => ({ status: 200, headers: {}, body: '' });

/** Nothing if the middleware `route` has to refuse the request. */
function routedOf(
  routes: readonly Route[],
  request: HttpRequest,
  basePath: string,
): Routed | undefined {
  if (request.refusal) return undefined;
  try {
    return routeRequest(routes, request, basePath);
  } catch {
    return undefined;
  }
}

/** What the last middleware leaves where callers authenticate. */
type EndContext = CallerContext & TaskInput & Permitted & Partial<ByAgent>;

/**
 * For an endpoint whose callers authenticate.
 *
 * @param authenticateBy absent: an agent's request, which has come so far
 */
function callerSteps(
  endpoint: CallerEndpoint,
  deps: Deps,
  authenticateBy?: Authenticate,
): Middleware<EndContext>[] {
  const { settings, log } = deps;
  const { access, body } = endpoint;
  const isCancellation = access.scope === 'tasks:cancel';
  return [
    ...(isCancellation ? [requireAuditLog(log)] : []),
    ...(authenticateBy ? proofSteps(endpoint, deps, authenticateBy) : []),
    ...(access.isForAgents ? [] : [quota(access.scope, deps), authorize(access.scope)]),
    ...(authenticateBy ? [limitLoad(deps)] : []),
    ...(authenticateBy && body && !body.isSigned ? [readBody(body)] : []),
    before((context: CallerContext) => endpoint.validate(context, settings)),
    ...(authenticateBy ? [] : [before((context: EndContext) => context.agent?.confirm(context))]),
    ...(body ? [quotaOfBatch(deps)] : []),
    permit(access.scope, deps),
    ...(body ? [permitEach(deps)] : []),
    ...(isCancellation ? [auditIntent(deps)] : []),
  ];
}

/** Who the caller is. */
function proofSteps(
  { access, body }: CallerEndpoint,
  deps: Deps,
  authenticateBy: Authenticate,
): Middleware<EndContext>[] {
  const { settings, log } = deps;
  return [
    ...(access.isBySender && body
      ? [authenticateSender(settings, body, deps)]
      : [...(body?.isSigned ? [readBody(body)] : []), authenticateBy(access.schemes)]),
    refuseBlockedPrincipals(settings.blockedPrincipals),
    ...(access.isBySender ? [readDeliveryOf(settings, log)] : []),
  ];
}

/** For a gateway whose settings are wrong: it refuses every request. */
export function createRefusingPipeline(deps: OuterDeps): Respond {
  return withMiddlewares(outer(deps), async () => {
    throw new Problem('gateway-misconfigured');
  });
}

/** middy asks for a platform's context; the request context has all that is used of one. */
const NO_CONTEXT = Object.create(null);

/**
 * @typeParam Start what the request context has before the first middleware
 * @typeParam End what it has after the last one: each part is added by a middleware of the list
 */
function withMiddlewares<Start extends RequestContext, End extends Start>(
  middlewares: readonly Middleware<End>[],
  handle: (context: End) => Promise<HttpResponse>,
): Respond<Start> {
  // middy's early timeout has one AbortController for the whole module: the deadline is our own.
  const pipeline = middy<End, HttpResponse>({ timeoutEarlyInMillis: 0 });
  for (const middleware of middlewares) pipeline.use(middleware);
  const handler = pipeline.handler(async (context: End) => handle(context));
  const whole: Whole<Start> = { respond: async (context: End) => handler(context, NO_CONTEXT) };
  return (context) => whole.respond(context);
}

/**
 * A method, whose parameter TypeScript compares both ways: the context is not yet complete when it comes
 * in, and the order of the list is what completes it.
 */
interface Whole<Context> {
  respond(context: Context): Promise<HttpResponse>;
}
