import { createHttpServer, drain } from './lib/http/node-server.ts';
import { ConfigError } from './lib/config.ts';
import { logConfigError, openLog, startGateway } from './start.ts';

/** The Node HTTP entry: SCF web function, container, laptop. Ends with 78 where the settings are wrong. */

/** sysexits(3). */
const EX_UNAVAILABLE = 69;
const EX_CONFIG = 78;

const log = openLog(process.env);

function main(): void {
  const { gateway, config } = startGateway(process.env, import.meta.dirname, log);
  const server = createHttpServer(gateway);
  server.once('error', (error: NodeJS.ErrnoException) => {
    const reason = `cannot listen on ${config.host}:${config.port} (${error.code})`;
    log.write('error', 'cannot-listen', { reason });
    process.exitCode = EX_UNAVAILABLE;
  });
  server.listen(config.port, config.host, () => {
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : config.port;
    log.write('info', 'listening', { host: config.host, port });
  });
  let isStopping = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      // Wrappers signal twice; what is under way is answered all the same.
      if (isStopping) return;
      isStopping = true;
      const drained = drain(server, config.requestTimeoutMs);
      log.write('info', 'stopping', { reason: signal });
      void drained.then(() => process.exit(0));
    });
  }
}

try {
  main();
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  logConfigError(error, log);
  process.exitCode = EX_CONFIG;
}
