import type http from 'node:http';

import { logSettingsError, openLog, startApp } from './app.ts';
import type { Load } from './endpoint.ts';
import { createHttpServer, drain } from './lib/http/node-server.ts';
import { stackOf } from './lib/observability/log.ts';
import { logRejections, logWarnings } from './lib/observability/process-events.ts';
import { settingRows, type SettingRow } from './settings-table.ts';
import { SettingsError } from './settings.ts';

/** The Node HTTP entry: SCF web function, container, laptop. Ends with 78 if the settings are wrong. */

const help =
  (): string => `The gateway as an HTTP server: settings come from the environment alone (docs/settings.md).

  node dist/server.js
  DLC_REGION=ap-guangzhou API_KEYS=@config/api-keys.json PORT=8080 node dist/server.js

Options
  -h, --help  this text

Environment
${settingRows().map(settingLine).join('\n')}

Exit codes
  0    ended by SIGTERM, SIGHUP or Ctrl-C; all requests got a response
  64   wrong options
  69   the port is taken, or no address of this machine
  70   crashed; the log says where
  74   the log has no reader any more
  78   settings are wrong; the log names all of them
`;

const settingLine = ({ name, form, standard }: SettingRow): string =>
  `  ${name.padEnd(26)} ${form}${standard === '' ? '' : ` (default: ${standard})`}`;

/** sysexits(3). */
const EX_USAGE = 64;
const EX_UNAVAILABLE = 69;
const EX_SOFTWARE = 70;
const EX_IOERR = 74;
const EX_CONFIG = 78;

/** How long requests in flight get after a crash: the state of the process is unknown. */
const CRASH_DRAIN_MS = 5000;

const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

type Stop = (reason: string, ms: number, exitCode: number) => void;

const log = openLog(process.env);
/** Ends the process: at once, until there is a server that may have requests in flight. */
let stop: Stop = (_reason, _ms, exitCode) => void end(exitCode);

function main(): void {
  const { app, settings } = startApp(process.env, import.meta.dirname, log);
  // A request may wait in silence for as long as its deadline allows.
  const stallMs = settings.requestTimeoutMs + 20_000;
  const isScf = process.env['TENCENTCLOUD_RUNENV'] === 'SCF';
  const server = createHttpServer(app, { stallMs, isScf });
  stop = stopping(server);
  server.once('error', (error: NodeJS.ErrnoException) => {
    const reason = `cannot listen on ${settings.host}:${settings.port} (${error.code}): HOST and PORT name another`;
    log.write('error', 'cannot-listen', { reason });
    process.exitCode = EX_UNAVAILABLE;
  });
  server.listen(settings.port, settings.host, () => {
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : settings.port;
    log.write('info', 'listening', { host: settings.host, port });
  });
  if (settings.metricsPort !== undefined)
    serveMetrics(app.load, settings.metricsHost, settings.metricsPort);
  for (const signal of STOP_SIGNALS) {
    process.on(signal, () => stop(signal, settings.requestTimeoutMs, 0));
  }
}

function serveMetrics(load: Readonly<Load>, host: string, port: number): void {
  import('./metrics.ts').then(
    ({ startMetrics }) => startMetrics(log, load, host, port),
    (error: unknown) => log.write('error', 'no-metrics', { reason: stackOf(error) }),
  );
}

/** Logs what goes wrong outside a request. */
function watchProcess(): void {
  logWarnings(log);
  logRejections(log);
  process.on('uncaughtException', (error) => {
    log.write('error', 'crash', { origin: 'uncaughtException', stack: stackOf(error) });
    stop('uncaughtException', CRASH_DRAIN_MS, EX_SOFTWARE);
  });
  // If the log has no reader any more, decisions leave no trace.
  process.stdout.on('error', () => stop('no log', CRASH_DRAIN_MS, EX_IOERR));
}

/** Stops listening, serves the open connections for at most so many milliseconds, and ends. */
function stopping(server: http.Server): Stop {
  let worst = 0;
  let isStopping = false;
  return (reason, ms, exitCode) => {
    worst = Math.max(worst, exitCode);
    // Wrappers signal twice; requests in flight get their responses all the same.
    if (isStopping) return;
    isStopping = true;
    const drained = drain(server, ms);
    log.write('info', 'stopping', { reason });
    void drained.then(() => end(worst));
  };
}

/** Ends the process once the log was read. */
async function end(exitCode: number): Promise<void> {
  await log.flush();
  process.exit(exitCode);
}

/** Handles command line options. @returns an exit code; nothing if there are no options */
function answerOptions([first]: readonly string[]): number | undefined {
  if (first === undefined) return undefined;
  const isHelp = first === '--help' || first === '-h';
  if (isHelp) process.stdout.write(help());
  else process.stderr.write('options are not taken, but for --help: settings are variables\n');
  return isHelp ? 0 : EX_USAGE;
}

watchProcess();
try {
  const exitCode = answerOptions(process.argv.slice(2));
  if (exitCode === undefined) main();
  else process.exitCode = exitCode;
} catch (error) {
  if (!(error instanceof SettingsError)) throw error;
  logSettingsError(error, log);
  process.exitCode = EX_CONFIG;
}
