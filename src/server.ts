import type http from 'node:http';

import { logSettingsError, openLog, startApp } from './app.ts';
import type { Load } from './endpoint.ts';
import { isOnScf } from './lib/http/message.ts';
import { createHttpServer, drain } from './lib/http/node-server.ts';
import { logProcessEvents, stackOf } from './lib/observability/log.ts';
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
const EXIT = { usage: 64, unavailable: 69, software: 70, ioError: 74, config: 78 } as const;

/** How long requests in flight get after a crash: the state of the process is unknown. */
const CRASH_DRAIN_MS = 5000;

const log = openLog(process.env);
let server: http.Server | undefined;
let exitCode = 0;
let isStopping = false;

function main(): void {
  const { app, settings } = startApp(process.env, import.meta.dirname, log);
  const { host, port, requestTimeoutMs, metricsHost, metricsPort } = settings;
  // A request may wait in silence for as long as its deadline allows.
  const stallMs = requestTimeoutMs + 20_000;
  const usesCredentials = isOnScf() && settings.cloudCredentials === 'scf-headers';
  server = createHttpServer(app, { stallMs }, usesCredentials);
  server.once('error', (error: NodeJS.ErrnoException) => {
    const reason = `cannot listen on ${host}:${port} (${error.code}): HOST and PORT name another`;
    log.write('error', 'cannot-listen', { reason });
    process.exitCode = EXIT.unavailable;
  });
  server.listen(port, host, () => {
    log.write('info', 'listening', { host, port: Object(server?.address()).port });
  });
  if (metricsPort !== undefined) serveMetrics(app.load, metricsHost, metricsPort);
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) {
    process.on(signal, () => void stop(signal, requestTimeoutMs, 0));
  }
}

function serveMetrics(load: Readonly<Load>, host: string, port: number): void {
  import('./lib/observability/metrics.ts').then(
    ({ startMetrics }) => startMetrics(log, load, host, port),
    (error: unknown) => log.write('error', 'no-metrics', { reason: stackOf(error) }),
  );
}

/** Stops listening, serves the open connections for at most so many milliseconds, and ends with the worst code. */
async function stop(reason: string, ms: number, code: number): Promise<void> {
  exitCode = Math.max(exitCode, code);
  // Wrappers signal twice; requests in flight get a response all the same.
  if (isStopping) return;
  isStopping = true;
  const drained = server && drain(server, ms);
  if (server) log.write('info', 'stopping', { reason });
  await drained;
  await log.flush();
  process.exit(exitCode);
}

/** Settings are variables: the only option is `--help`. */
function handleOption(option: string): void {
  if (option === '--help' || option === '-h') return void process.stdout.write(help());
  process.stderr.write('options are not taken, but for --help: settings are variables\n');
  process.exitCode = EXIT.usage;
}

logProcessEvents(log);
process.on('uncaughtException', () => {
  void stop('uncaughtException', CRASH_DRAIN_MS, EXIT.software);
});
// If the log has no reader any more, decisions leave no trace.
process.stdout.on('error', () => void stop('no log', CRASH_DRAIN_MS, EXIT.ioError));
try {
  const [option] = process.argv.slice(2);
  if (option === undefined) main();
  else handleOption(option);
} catch (error) {
  if (!(error instanceof SettingsError)) throw error;
  logSettingsError(error, log);
  process.exitCode = EXIT.config;
}
