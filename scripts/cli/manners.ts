import { EXIT } from './exit-codes.ts';

/** What every command does when its reader goes away, when Ctrl-C is pressed, and when it breaks. */

/**
 * A reader that has gone changes nothing but that nothing is written: a deployment goes on, and the
 * exit code is the true one. Ctrl-C ends at once, with 130, unless the command listens to it itself.
 */
export function mindManners(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
  process.on('SIGINT', () => {
    if (process.listenerCount('SIGINT') === 1) process.exit(EXIT.interrupted);
  });
}

/** What to say of an error that no command foresaw, and what to end with. */
export function endingOf(error: unknown): { exitCode: number; message: string } {
  if (isSystemError(error)) {
    const where = error.path === undefined ? '' : ` ${error.path}`;
    const todo = 'check that it is there, that it may be used, and that there is room';
    return { exitCode: EXIT.io, message: `${error.syscall}${where}: ${error.code}; ${todo}` };
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const message = `${stack}\n\nThis is a mistake of the command itself: please report it, with the above.`;
  return { exitCode: EXIT.software, message };
}

interface SystemError {
  readonly code: string;
  readonly syscall: string;
  readonly path?: string;
}

/** What the file system says; anything about the network is a command's own to explain. */
function isSystemError(error: unknown): error is SystemError {
  const { code, syscall, path } = Object(error);
  if (typeof code !== 'string' || typeof syscall !== 'string') return false;
  return typeof path === 'string' || syscall === 'write' || syscall === 'read';
}
