import { stackOf, type Log } from './log.ts';

/** Logs crashes and warnings, which Node would write to stderr as plain text, over many lines. */
export function logProcessEvents(log: Log): void {
  const crash = (origin: string, error: unknown): void =>
    log.write('error', 'crash', { origin, stack: stackOf(error) });
  for (const listener of process.listeners('warning')) {
    // Node's own; those of a platform stay.
    if (listener.name === 'onWarning') process.off('warning', listener);
  }
  process.on('warning', (warning: Error & { code?: string }) => {
    const reason = `${warning.name}: ${warning.message}`;
    log.write('warn', 'warning', { code: warning.code, reason });
  });
  // It ends only the work that it belongs to, which has a deadline.
  process.on('unhandledRejection', (error) => crash('unhandledRejection', error));
  // What comes of an exception is up to the platform, or to the server.
  process.on('uncaughtExceptionMonitor', (error, origin) => crash(origin, error));
}
