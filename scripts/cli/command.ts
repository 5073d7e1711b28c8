import { Command } from '@commander-js/extra-typings';

import { isCheckout, version } from '../places.ts';
import { exitRows, type ExitWords } from './exit-codes.ts';

type Row = readonly [term: string, words: string];

/** What `--help` says beside the options. */
export interface Explanation {
  /** One sentence, also for the list of all commands. */
  readonly summary: string;
  /** What a user should know before the first run. */
  readonly details?: string;
  /** Arguments of runs that make sense; an empty text is a run without any. */
  readonly examples: readonly string[];
  /** Variables that the command reads. */
  readonly environment?: readonly Row[];
  readonly exits?: ExitWords;
}

/**
 * The line that runs a command, as a user types it. In a checkout, npm keeps every flag before `--` for itself.
 *
 * @param args what follows, if anything
 * @param npm how npm runs a script; `npm run --silent` prints nothing of its own
 */
export function commandLine(name: string, args = '', npm = 'npm run'): string {
  if (!isCheckout) return [packageCommand(), name, args].filter(Boolean).join(' ');
  const script = name === 'start' ? 'npm start' : `${npm} ${name}`;
  return args === '' ? script : `${script} -- ${args}`;
}

/** The line of a command whose output is for programs. */
export const silentLine = (name: string, args: string): string =>
  commandLine(name, args, 'npm run --silent');

/** `--no` keeps npx from asking a registry, where the name may be anybody's. */
function packageCommand(): string {
  const isUnpacked = /[/\\]_npx[/\\]/.test(process.argv[1] ?? '');
  if (!isUnpacked) return 'npx --no dlc-task-gateway';
  return `npx ./dlc-task-gateway-${version}.tgz`;
}

/**
 * Makes a command that explains itself. Its options and its action are added to what this returns;
 * the action loads its work when it runs, so that declaring a command costs nothing.
 */
export function command(name: string, explanation: Explanation) {
  const { summary, details, examples, environment = [], exits = {} } = explanation;
  return new Command(name)
    .summary(summary)
    .description(details === undefined ? summary : `${summary}\n\n${details}`)
    .helpOption('-h, --help', 'this text')
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .configureHelp({ commandUsage: () => commandLine(name, '[options]') })
    .addHelpText('after', () =>
      [
        section(
          'Examples',
          examples.map((args) => [commandLine(name, args), '']),
        ),
        section('Environment', environment.length > 0 ? environment : [['none', '']]),
        section('Exit codes', exitRows(exits)),
      ].join('\n'),
    );
}

/** A section of `--help`: its rows in two columns, wrapped as Commander wraps options. */
function section(title: string, rows: readonly Row[]): string {
  const help = new Command().createHelp();
  help.prepareContext({ helpWidth: process.stdout.columns || 80 });
  const width = Math.max(...rows.map(([term, words]) => (words === '' ? 0 : term.length)));
  const lines = rows.map(([term, words]) => help.formatItem(term, width, words, help));
  return `\n${title}:\n${lines.join('\n')}`;
}
