const LOOK_MS = 200;
const PARENT = process.ppid;

/**
 * Calls `stop` when the process should end: at Ctrl-C, SIGTERM and SIGHUP, and when npm has ended. npm
 * passes SIGTERM to the shell that it starts scripts with, and that shell ends without passing it on.
 */
export function onStop(stop: () => void): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  if (process.env['npm_lifecycle_event'] === undefined) return;
  const timer = setInterval(() => {
    if (process.ppid === PARENT) return;
    clearInterval(timer);
    stop();
  }, LOOK_MS);
  timer.unref();
}
