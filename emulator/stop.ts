const lookMs = 200;
const parent = process.ppid;

/**
 * Calls `stop` when the process should end: at Ctrl-C, SIGTERM and SIGHUP, and when npm has ended. npm
 * passes SIGTERM to the shell that it starts scripts with, and that shell ends without passing it on.
 */
export function onStop(stop: () => void): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  if (process.env['npm_lifecycle_event'] === undefined) return;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    stop();
  }, lookMs);
  timer.unref();
}
