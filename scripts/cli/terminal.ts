import { createInterface } from 'node:readline/promises';

import type { Environment } from '../../src/lib/config/secret-reference.ts';

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
 * Makes the function that shows what the command does now, in place of the line before; an empty text
 * removes the line. If stderr is no terminal, it writes nothing.
 */
export function progressLine(
  terminal: Terminal = process.stderr,
  env: Environment = process.env,
): (text: string) => void {
  if (terminal.isTTY !== true || env['TERM'] === 'dumb') return () => {};
  let isShown = false;
  const show = (text: string): void => {
    if (text === '' && !isShown) return;
    isShown = text !== '';
    // A line that wraps could not be removed.
    terminal.write(`\r\u001b[K${text.slice(0, (terminal.columns || 80) - 1)}`);
  };
  process.once('exit', () => show(''));
  return show;
}

/**
 * Makes the function that asks a question which only `y` or `yes` answers with yes; Ctrl-C and the end of
 * input are a no.
 *
 * @returns nothing if stdin or stderr is no terminal, so that nobody can be asked
 */
export function questioner(
  input: NodeJS.ReadableStream & { readonly isTTY?: boolean } = process.stdin,
  output: NodeJS.WritableStream & { readonly isTTY?: boolean } = process.stderr,
): ((question: string) => Promise<boolean>) | undefined {
  if (input.isTTY !== true || output.isTTY !== true) return undefined;
  return async (question) => {
    const lines = createInterface({ input, output });
    const closed = new Promise<string>((resolve) => {
      lines.once('close', () => resolve(''));
    });
    const answer = await Promise.race([lines.question(`${question} [y/N] `), closed]);
    lines.close();
    return /^y(es)?$/i.test(answer.trim());
  };
}
