import { readFileSync } from 'node:fs';
import path from 'node:path';

import type { Deps, Load, RequestContext } from './endpoint.ts';
import { createRoutes } from './handlers/routes.ts';
import { lazyDocument } from './lib/api-document.ts';
import { systemClock, type Clock } from './lib/clock.ts';
import { createConcurrencyLimit } from './lib/concurrency-limit.ts';
import type { Environment } from './lib/config/secret-reference.ts';
import { createDlcClient, readCredentials } from './lib/dlc/client.ts';
import type { HttpRequest, HttpResponse } from './lib/http/message.ts';
import { problemResponse, withAlwaysHeaders } from './lib/http/response.ts';
import { emfLine } from './lib/observability/emf.ts';
import { createLog, LOG_LEVELS, stackOf } from './lib/observability/log.ts';
import type { Log, ObservedLog } from './lib/observability/log.ts';
import { Problem } from './lib/problems.ts';
import { createLimiter } from './lib/rate-limit/limiter.ts';
import { MAX_PER_PRINCIPAL } from './middlewares/quota.ts';
import { createPipeline, createRefusingPipeline, type OuterDeps } from './pipeline.ts';
import { openContext } from './request-context.ts';
import { loadSettings, SettingsError, unrestrictedEntries, type Settings } from './settings.ts';

/** The gateway apart from any platform: settings, then clients, then what serves requests. */
export interface App {
  /** Responds to every request. @param remainingMs how long the platform gives, if it says so */
  serve(request: HttpRequest, remainingMs?: number): Promise<HttpResponse>;
}

/** How many requests of one principal may wait for a task's end at once. */
const WAITS_PER_PRINCIPAL = 2;

/** Kept free of the platform's time, for the response's way back. */
const RESPONSE_MS = 500;

/** What the app is given; tests put a clock, a random source or a log of their own there. */
export interface AppDeps {
  readonly env: Environment;
  readonly log: Log;
  readonly clock?: Clock;
  readonly random?: () => number;
  /** Gives the text of the OpenAPI document, or throws. */
  readonly readDocument: () => string;
}

export function createApp(
  settings: Settings,
  { env, log, clock = systemClock, random = Math.random, readDocument }: AppDeps,
): App & { readonly load: Load } {
  const load: Load = { inFlight: 0, admitted: 0, waiting: 0 };
  const deps: Deps = {
    settings,
    dlc: createDlcClient(settings.endpoint, { env, log, clock }),
    limiter: createLimiter(settings, { ...clock, random, log }),
    log,
    clock,
    random,
    waits: createConcurrencyLimit(WAITS_PER_PRINCIPAL),
    inFlight: createConcurrencyLimit(MAX_PER_PRINCIPAL),
    document: lazyDocument(readDocument, settings.basePath),
    load,
  };
  const respond = createPipeline(createRoutes(settings), deps);
  return {
    load,
    async serve(request, remainingMs = Infinity) {
      const ms = Math.min(settings.requestTimeoutMs, remainingMs - RESPONSE_MS);
      load.inFlight += 1;
      try {
        return await serve(openContext(request, ms, clock), respond, deps);
      } finally {
        load.inFlight -= 1;
      }
    },
  };
}

async function serve(
  context: RequestContext,
  respond: (context: RequestContext) => Promise<HttpResponse>,
  { log, settings }: OuterDeps,
): Promise<HttpResponse> {
  try {
    return await respond(context);
  } catch (error) {
    // An outer middleware failed, so nothing is left to translate the error but this.
    return crashResponse(error, context.requestId, log, settings.problemPrefix);
  } finally {
    for (const end of context.onEnd) end();
  }
}

/** Logs a defect, and makes the response to the request that met it. */
export function crashResponse(
  error: unknown,
  requestId: string,
  log: Log,
  typePrefix = '',
): HttpResponse {
  log.write('error', 'crash', { origin: 'request', requestId, stack: stackOf(error) });
  const response = problemResponse(new Problem('internal-error'), { requestId, typePrefix });
  return withAlwaysHeaders(response, requestId);
}

/** A log at the configured level, or at `info` if that setting is wrong itself. */
export function openLog(env: Environment): ObservedLog {
  return createLog(LOG_LEVELS.find((level) => level === env['LOG_LEVEL']) ?? 'info');
}

/**
 * @param baseDir the bundle's directory: settings that name files, and the OpenAPI document, are
 *   relative to it
 * @throws SettingsError with every wrong setting
 */
export function startApp(
  env: Environment,
  baseDir: string,
  log: Log,
): { app: ReturnType<typeof createApp>; settings: Settings } {
  const settings = loadSettings(env, baseDir);
  logWarnings(settings.warnings, log);
  for (const entry of unrestrictedEntries(settings)) {
    const reason = 'may act on all tasks; "engines": ["*"] in its entry says that this is meant';
    log.write('warn', 'unrestricted-entry', { entry, reason });
  }
  if (!readCredentials(env)) {
    log.write('warn', 'no-credentials', { reason: 'the environment has no cloud credentials yet' });
  }
  const readDocument = (): string => readFileSync(path.join(baseDir, 'openapi.json'), 'utf8');
  return { app: createApp(settings, { env, log, readDocument }), settings };
}

/** Writes a line for each setting that is probably not as it was meant. */
function logWarnings(warnings: readonly string[], log: Log): void {
  for (const reason of warnings) log.write('warn', 'setting-warning', { reason });
}

/** Writes a line for each wrong setting, and for each doubtful one, which may be the reason. */
export function logSettingsError({ reasons, warnings }: SettingsError, log: Log): void {
  logWarnings(warnings, log);
  for (const reason of reasons) log.write('error', 'wrong-setting', { reason });
}

/**
 * The app of a function, made at the first call. If the settings are wrong, it refuses the request, and
 * reads them again at the next: a mounted file may have come.
 */
export function lazyApp(env: Environment, baseDir: string, log: ObservedLog): () => App {
  let app: App | undefined;
  let logged = '';
  return () => {
    if (app) return app;
    try {
      const started = startApp(env, baseDir, log);
      if (started.settings.metricsEmf) log.observe(emfLine);
      return (app = started.app);
    } catch (error) {
      if (!(error instanceof SettingsError)) throw error;
      if (logged !== error.message) logSettingsError(error, log);
      logged = error.message;
      const deps = { log, clock: systemClock, settings: error.responses };
      const respond = createRefusingPipeline(deps);
      return { serve: (request) => serve(openContext(request, 1000, systemClock), respond, deps) };
    }
  };
}
