import type { Environment } from '../../src/lib/config/secret-reference.ts';

/** What is for people at a terminal alone: colours, and a line that changes. */

/** Colours, unless somebody has said otherwise (no-color.org). */
export function usesColours(isTerminal: boolean | undefined, env: Environment): boolean {
  return isTerminal === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
}

/** Writes a line of progress: to stderr, since stdout is for results. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Where the line that changes is written; a test brings its own. */
interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/**
 * Makes the function that says what is under way, in place of what it said before; with an empty text
 * it takes its line away. Where stderr is no terminal it writes nothing.
 */
export function progressLine(
  terminal: Terminal = process.stderr,
  env: Environment = process.env,
): (text: string) => void {
  if (terminal.isTTY !== true || env['TERM'] === 'dumb') return () => {};
  let isShown = false;
  const tell = (text: string): void => {
    if (text === '' && !isShown) return;
    isShown = text !== '';
    // A line that is broken in two could not be taken away.
    terminal.write(`\r\u001b[K${text.slice(0, (terminal.columns || 80) - 1)}`);
  };
  process.once('exit', () => tell(''));
  return tell;
}
