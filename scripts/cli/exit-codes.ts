/**
 * The exit codes of all commands: sysexits(3), 1 if a command did its work and the answer is no, and
 * 130 after Ctrl-C, as shells have it. `--help` of each command lists those that it uses.
 */
export const EXIT = {
  failed: 1,
  /** EX_USAGE */
  usage: 64,
  /** EX_DATAERR */
  data: 65,
  /** EX_NOINPUT */
  noInput: 66,
  /** EX_UNAVAILABLE */
  unavailable: 69,
  /** EX_SOFTWARE */
  software: 70,
  /** EX_OSERR */
  machine: 71,
  /** EX_CANTCREAT */
  cannotCreate: 73,
  /** EX_IOERR */
  io: 74,
  /** EX_TEMPFAIL */
  temporary: 75,
  /** EX_PROTOCOL */
  protocol: 76,
  /** EX_NOPERM */
  permission: 77,
  /** EX_CONFIG */
  config: 78,
  /** 128 and SIGINT */
  interrupted: 130,
} as const;

/** What exit codes mean for one command, in the words of its `--help`. */
export type ExitWords = Readonly<Partial<Record<keyof typeof EXIT | 'done', string>>>;

/** What every command may end with. */
const ALWAYS: ExitWords = {
  done: 'done',
  usage: 'wrong options',
  software: 'a fault of the command itself',
  io: 'a file or a folder of this machine cannot be used',
  interrupted: 'interrupted with Ctrl-C',
};

/** The rows of "Exit codes" in a command's `--help`, in order. @param own the words of this command */
export function exitRows(own: ExitWords): [code: string, words: string][] {
  const codes = { done: 0, ...EXIT };
  const words = new Map(Object.entries({ ...ALWAYS, ...own }));
  return Object.entries(codes)
    .toSorted(([, a], [, b]) => a - b)
    .flatMap(([name, code]) => {
      const said = words.get(name);
      return said === undefined ? [] : [[String(code), said] as [string, string]];
    });
}
