import middy from '@middy/core';

import { required, type Exchange, type GatewayRoute, type Services } from './exchange.ts';
import { options } from './handlers/options.ts';
import type { Authenticate } from './lib/auth/authenticate.ts';
import { permitTask, refuseBlocked, requireEngine, requireScope } from './lib/auth/policy.ts';
import { untilAborted } from './lib/deadline.ts';
import { askEngine } from './lib/cancellation/engine.ts';
import type { HttpResponse } from './lib/http/message.ts';
import { refuseLargeHeaders, refuseRepeatedHeaders } from './lib/http/request-checks.ts';
import { endpointFor, matchRoute } from './lib/http/router.ts';
import { quotaRule, rateLimitFields, refuseOverQuota } from './lib/rate-limit/fields.ts';
import { Problem } from './lib/problem.ts';
import { outerHooks, type Hook, type Rim } from './rim.ts';

/**
 * The middy chain, in order: each hook is a few lines over a pure function of `lib`. No `before` hook
 * returns a value: middy would skip every `after`.
 */
type Chain = (exchange: Exchange) => Promise<HttpResponse>;

export function createChain(
  rim: Rim,
  routes: readonly GatewayRoute[],
  services: Services,
  authenticate: Authenticate,
): Chain {
  const { config } = services;
  return runnable(
    [
      ...outerHooks(rim),
      router(routes, config.basePath),
      limitCrowd,
      limitSize,
      authenticateCaller(authenticate, config.blockedPrincipals),
      limitCaller(services),
      authorize,
      validate(services),
      permit(services),
    ],
    (exchange) => required(exchange, 'endpoint').handle(exchange, services),
  );
}

/** The chain of a gateway whose settings are wrong: every request has a refusal. */
export function createRefusingChain(rim: Rim): Chain {
  return runnable(outerHooks(rim), ({ request }) => {
    throw request.refusal ?? new Problem('gateway-misconfigured');
  });
}

/** middy asks for a platform's context; the exchange has all that is used of one. */
const NO_CONTEXT = Object.create(null);

function runnable(
  hooks: readonly Hook[],
  handle: (exchange: Exchange) => Promise<HttpResponse> | HttpResponse,
): Chain {
  // middy's early timeout has one AbortController for the whole module: the deadline is ours.
  const chain = middy<Exchange, HttpResponse>({ timeoutEarlyInMillis: 0 });
  for (const hook of hooks) chain.use(hook);
  const handler = chain.handler(async (exchange: Exchange) => handle(exchange));
  return (exchange) => handler(exchange, NO_CONTEXT);
}

function router(routes: readonly GatewayRoute[], basePath: string): Hook {
  return {
    before({ event: exchange }) {
      const { method, path, refusal } = exchange.request;
      if (refusal) throw refusal;
      const { route, parameter } = matchRoute(routes, path, basePath);
      exchange.route = route;
      if (parameter !== undefined) exchange.parameter = parameter;
      exchange.endpoint = method === 'OPTIONS' ? options : endpointFor(route, method);
    },
  };
}

/** A probe's requests wait for nothing, and are let in: the process can serve. */
const limitCrowd: Hook = {
  before({ event: exchange }) {
    const { access } = required(exchange, 'endpoint');
    if (access && exchange.isOneTooMany) throw new Problem('overloaded');
  },
};

const limitSize: Hook = {
  async before({ event: exchange }) {
    refuseLargeHeaders(exchange.request);
    const { maxBodyBytes } = required(exchange, 'endpoint');
    exchange.body = await untilAborted(
      exchange.request.readBody(maxBodyBytes),
      exchange.deadline.signal,
      () => new Problem('request-timeout'),
    );
  },
};

function authenticateCaller(authenticate: Authenticate, blocked: ReadonlySet<string>): Hook {
  return {
    async before({ event: exchange }) {
      refuseRepeatedHeaders(exchange.request);
      const { access } = required(exchange, 'endpoint');
      if (!access) return;
      const { headers } = exchange.request;
      const body = required(exchange, 'body');
      const { signal } = exchange.deadline;
      exchange.principal = await authenticate({ headers, body, signal }, access.schemes);
      refuseBlocked(exchange.principal, blocked);
    },
  };
}

function limitCaller({ config, limiter }: Services): Hook {
  return {
    async before({ event: exchange }) {
      const { access } = required(exchange, 'endpoint');
      if (!access) return;
      const { id, rate = config.callerRate } = required(exchange, 'principal');
      const policy = access.scope === 'tasks:read' ? 'read' : 'cancel';
      const rule = quotaRule(policy, rate);
      const decision = await limiter.spend(`${policy} ${id}`, rule);
      exchange.quotaFields = rateLimitFields(policy, rule, decision);
      refuseOverQuota(policy, decision);
    },
  };
}

const authorize: Hook = {
  before({ event: exchange }) {
    const { access } = required(exchange, 'endpoint');
    if (access) requireScope(required(exchange, 'principal'), access.scope);
  },
};

function validate({ config }: Services): Hook {
  return {
    before({ event: exchange }) {
      const task = required(exchange, 'endpoint').readTask?.(exchange, config);
      if (task) exchange.task = task;
    },
  };
}

function permit(services: Services): Hook {
  return {
    async before({ event: exchange }) {
      const { access } = required(exchange, 'endpoint');
      const { task } = exchange;
      if (!access || !task) return;
      const rule = permitTask(required(exchange, 'principal'), access.scope, task);
      if (rule) {
        const names = await askEngine(task, exchange.deadline, services.upstreamFor(exchange));
        requireEngine(rule, names);
      }
      exchange.isPermitted = true;
    },
  };
}
