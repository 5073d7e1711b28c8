import { createChain, createRefusingChain } from './chain.ts';
import { newTally, type Exchange, type Services } from './exchange.ts';
import { createLimiter } from './create-limiter.ts';
import { createRoutes } from './handlers/routes.ts';
import { createAuthenticate } from './lib/auth/authenticate.ts';
import { lazyDocument } from './lib/api-document.ts';
import type { Clock } from './lib/clock.ts';
import type { Config } from './lib/config/config.ts';
import { startDeadline } from './lib/deadline.ts';
import type { DlcClient } from './lib/dlc/client.ts';
import { createSharedWork } from './lib/dlc/shared-work.ts';
import { withCors } from './lib/http/cors.ts';
import type { Turns } from './lib/rate-limit/await-turn.ts';
import type { Times } from './lib/rate-limit/patient-store.ts';
import type { HttpRequest, HttpResponse } from './lib/http/message.ts';
import { toProblemResponse } from './lib/http/problem-response.ts';
import { requestIdFor } from './lib/http/request-id.ts';
import { withAlwaysHeaders } from './lib/http/security-headers.ts';
import { traceIdFor } from './lib/http/trace.ts';
import { stackOf, type Log } from './lib/observability/log.ts';
import { Problem } from './lib/problem.ts';
import type { Rim } from './rim.ts';
import { createSlots } from './lib/slots.ts';
import { upstreamFor, type Reach } from './upstream-for.ts';

/** The gateway as a whole, apart from any platform: a request in, a response out, always. */
export interface Gateway {
  /** @param remainingMs how long the platform gives, where it says so */
  serve(request: HttpRequest, remainingMs?: number): Promise<HttpResponse>;
}

/** One that works. */
export interface WorkingGateway extends Gateway {
  /** How many requests are under way now, and how many of them wait for a turn upstream. */
  readonly load: { readonly underWay: number; readonly waiting: number };
}

export interface Surroundings {
  readonly dlc: DlcClient;
  readonly log: Log;
  readonly clock: Clock;
  readonly random: () => number;
  /** Milliseconds of a clock that never jumps, for the limits; by default the machine's. */
  readonly steadyMs?: () => number;
  /** Gives the text of the OpenAPI document, or throws. */
  readonly readDocument: () => string;
}

/** How many requests of one principal may wait for a task's end at once. */
const WAITS_PER_PRINCIPAL = 2;

/** Requests under way at once; one that waits for DLC holds some 55 KB (docs/server.md). */
const MAX_UNDER_WAY = 1000;

/** Kept free of the platform's time, for the answer's way back. */
const ANSWER_MS = 500;

export function createGateway(config: Config, around: Surroundings): WorkingGateway {
  const { clock, log } = around;
  const { corsOrigins, problemPrefix } = config;
  const rim: Rim = { corsOrigins, problemPrefix, log, now: () => clock.now() };
  const steadyMs = around.steadyMs ?? (() => performance.now());
  const sleep: Clock['sleep'] = (ms, signal) => clock.sleep(ms, signal);
  const times: Times = { steadyMs, wallMs: () => clock.now(), sleep };
  const limiter = createLimiter(config, times, around);
  const turns: Turns = { limiter, steadyMs, sleep };
  const load = { underWay: 0, waiting: 0 };
  const reach: Reach = { ...around, config, turns, load };
  const services: Services = {
    config,
    limiter,
    upstreamFor: (exchange, tally = exchange.story.own) => upstreamFor(exchange, tally, reach),
    cancellations: createSharedWork(),
    waits: createSlots(WAITS_PER_PRINCIPAL),
    document: lazyDocument(around.readDocument, config.basePath),
  };
  const authenticate = createAuthenticate(config, clock);
  const run = createChain(rim, createRoutes(config), services, authenticate);
  return {
    load,
    async serve(request, remainingMs = Infinity) {
      const ms = Math.min(config.requestTimeoutMs, remainingMs - ANSWER_MS);
      load.underWay += 1;
      try {
        const isOneTooMany = load.underWay > MAX_UNDER_WAY;
        return await serve({ ...openExchange(request, ms, clock), isOneTooMany }, run, rim);
      } finally {
        load.underWay -= 1;
      }
    },
  };
}

/** A gateway that cannot work: its settings are wrong, as its log says. It refuses every request. */
export function createRefusingGateway(
  settings: Pick<Config, 'corsOrigins' | 'problemPrefix'>,
  log: Log,
  clock: Clock,
): Gateway {
  const { corsOrigins, problemPrefix } = settings;
  const rim: Rim = { corsOrigins, problemPrefix, log, now: () => clock.now() };
  const run = createRefusingChain(rim);
  return {
    serve(request) {
      const refusal = new Problem('gateway-misconfigured');
      return serve(openExchange({ ...request, refusal }, 1000, clock), run, rim);
    },
  };
}

async function serve(
  exchange: Exchange,
  run: (exchange: Exchange) => Promise<HttpResponse>,
  { log, problemPrefix, corsOrigins }: Rim,
): Promise<HttpResponse> {
  const { requestId } = exchange;
  try {
    return await run(exchange);
  } catch (error) {
    // An outer hook failed: there is nothing left to translate it but this.
    log.write('error', 'crash', { origin: 'request', requestId, stack: stackOf(error) });
    const context = { requestId, typePrefix: problemPrefix };
    const response = toProblemResponse(new Problem('internal-error'), context);
    return withAlwaysHeaders(
      withCors(exchange.request, response, corsOrigins, exchange.route),
      requestId,
    );
  } finally {
    exchange.deadline.close();
  }
}

function openExchange(request: HttpRequest, ms: number, clock: Clock): Exchange {
  return {
    request,
    requestId: requestIdFor(request),
    traceId: traceIdFor(request),
    startedAt: clock.now(),
    deadline: startDeadline(ms, clock, request.gone),
    isOneTooMany: false,
    story: { own: newTally() },
  };
}
