const LOOK_MS = 200;
const PARENT = process.ppid;

/** Calls `stop` when the process should end: at Ctrl-C, SIGTERM and SIGHUP, and when npm has ended. */
export function onStop(stop: () => void): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  onNpmEnded(stop);
}

/** npm and npx pass SIGTERM to the shell that they start scripts with, and that shell ends without passing it on. */
export function onNpmEnded(stop: () => void): void {
  if (process.env['npm_lifecycle_event'] === undefined) return;
  const timer = setInterval(() => {
    if (process.ppid === PARENT) return;
    clearInterval(timer);
    stop();
  }, LOOK_MS);
  timer.unref();
}
