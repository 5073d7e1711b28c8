import { createChain, createRefusingChain } from './chain.ts';
import { required, type Exchange, type Services, type Story } from './exchange.ts';
import { createRoutes } from './handlers/routes.ts';
import { createAuthenticate } from './lib/auth/authenticate.ts';
import type { Clock } from './lib/clock.ts';
import type { Config } from './lib/config.ts';
import { startDeadline } from './lib/deadline.ts';
import type { Upstream } from './lib/dlc/cancel.ts';
import type { DlcClient } from './lib/dlc/client.ts';
import { createSharedWork } from './lib/dlc/shared-work.ts';
import { withCors } from './lib/http/cors.ts';
import { awaitTurn, type Turns } from './lib/limit/await-turn.ts';
import { MemoryLimiter } from './lib/limit/limiter.ts';
import type { HttpRequest, HttpResponse } from './lib/http/message.ts';
import { toProblemResponse } from './lib/http/problem-response.ts';
import { requestIdFor } from './lib/http/request-id.ts';
import { withAlwaysHeaders } from './lib/http/security-headers.ts';
import type { Log } from './lib/log.ts';
import { Problem } from './lib/problem.ts';
import type { Rim } from './rim.ts';
import { createSlots } from './lib/slots.ts';

/** The gateway as a whole, apart from any platform: a request in, a response out, always. */
export interface Gateway {
  /** @param remainingMs how long the platform gives, where it says so */
  serve(request: HttpRequest, remainingMs?: number): Promise<HttpResponse>;
}

export interface Surroundings {
  readonly dlc: DlcClient;
  readonly log: Log;
  readonly clock: Clock;
  readonly random: () => number;
  /** Milliseconds of a clock that never jumps, for the limits; by default the machine's. */
  readonly steadyMs?: () => number;
}

/** How many requests of one principal may wait for a task's end at once. */
const WAITS_PER_PRINCIPAL = 2;

/** Kept free of the platform's time, for the answer's way back. */
const ANSWER_MS = 500;

export function createGateway(config: Config, around: Surroundings): Gateway {
  const { clock, log } = around;
  const { corsOrigins, problemPrefix } = config;
  const rim: Rim = { corsOrigins, problemPrefix, log, now: () => clock.now() };
  const { upstreamRate, expectedInstances, maxWaitMs } = config;
  const steadyMs = around.steadyMs ?? (() => performance.now());
  const limiter = new MemoryLimiter(
    upstreamRate / expectedInstances,
    maxWaitMs,
    steadyMs,
    around.random(),
  );
  const turns: Turns = { limiter, steadyMs, sleep: (ms, signal) => clock.sleep(ms, signal) };
  const services: Services = {
    config,
    limiter,
    upstreamFor: (exchange) => upstreamFor(exchange, config, around, turns),
    cancellations: createSharedWork(),
    waits: createSlots(WAITS_PER_PRINCIPAL),
  };
  const authenticate = createAuthenticate(config, clock);
  const run = createChain(rim, createRoutes(config), services, authenticate);
  return {
    serve: (request, remainingMs = Infinity) => {
      const ms = Math.min(config.requestTimeoutMs, remainingMs - ANSWER_MS);
      return serve(openExchange(request, ms, clock), run, rim);
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
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    log.write('error', 'crash', { requestId, stack: reason });
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
    startedAt: clock.now(),
    deadline: startDeadline(ms, clock, request.gone),
    story: { attempts: 0, upstreamMs: 0, waitMs: 0 },
  };
}

function upstreamFor(
  exchange: Exchange,
  config: Config,
  around: Surroundings,
  turns: Turns,
): Upstream {
  const { requestId, story } = exchange;
  const { attemptTimeoutMs, maxAttempts, taskStateLookup: lookup } = config;
  return {
    dlc: timed(around.dlc, story, around.clock),
    settings: { attemptTimeoutMs, maxAttempts, lookup },
    clock: around.clock,
    random: around.random,
    async takeTurn(region, reachMs, signal) {
      const begun = turns.steadyMs();
      const principal = required(exchange, 'principal').id;
      try {
        const prepare = (): Promise<void> => around.dlc.connect(signal);
        return await awaitTurn({ region, principal, reachMs, signal, prepare }, turns);
      } finally {
        story.waitMs += turns.steadyMs() - begun;
      }
    },
    onAttempt(attempt, n) {
      if (attempt.outcome !== 'accepted' && attempt.code === 'upstream-rate-limited') {
        turns.limiter.pushBack(required(exchange, 'task').region);
      }
      const told =
        attempt.outcome === 'accepted' ? {} : { code: attempt.code, reason: attempt.reason };
      const fields = { requestId, attempt: n, outcome: attempt.outcome, ...told };
      around.log.write('debug', 'attempt', fields);
    },
  };
}

/** The client, with the time that is spent in it told in the story. */
function timed(dlc: DlcClient, story: Story, clock: Clock): Upstream['dlc'] {
  return {
    async call(action, input, options) {
      const begun = clock.now();
      if (action === 'CancelTask') story.attempts += 1;
      try {
        return await dlc.call(action, input, options);
      } finally {
        story.upstreamMs += clock.now() - begun;
      }
    },
  };
}
