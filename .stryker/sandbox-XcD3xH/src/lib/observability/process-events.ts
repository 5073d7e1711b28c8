import { stackOf, type Log } from './log.ts';

/**
 * What Node or a library says by itself, as lines of the log: crashes, and warnings. Otherwise these are
 * plain text on stderr, over many lines.
 */

/** Warnings go to the log alone. Listeners of a platform's own are left as they are. */
export function logWarnings(log: Log): void {
  for (const listener of process.listeners('warning')) {
    // The one that writes the text; Node has no other name for it.
    if (listener.name === 'onWarning') process.off('warning', listener);
  }
  process.on('warning', (warning: Error & { code?: string }) => {
    const reason = `${warning.name}: ${warning.message}`;
    log.write('warn', 'warning', { code: warning.code, reason });
  });
}

/**
 * A rejection that nobody handled ends nothing: only the work that it belongs to knows no end, and that
 * has a deadline.
 */
export function logRejections(log: Log): void {
  process.on('unhandledRejection', (error) => {
    log.write('error', 'crash', { origin: 'unhandledRejection', stack: stackOf(error) });
  });
}

/**
 * For a function: an exception that nobody caught is the platform's to deal with, which ends the
 * instance and says so in its own way. This only looks on.
 */
export function logExceptions(log: Log): void {
  process.on('uncaughtExceptionMonitor', (error, origin) => {
    log.write('error', 'crash', { origin, stack: stackOf(error) });
  });
}
