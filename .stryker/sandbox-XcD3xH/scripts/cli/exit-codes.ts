/**
 * What the commands end with, all of them alike: sysexits(3), 1 where a command did its work and the
 * answer is no, and what a shell says of Ctrl-C. `--help` of each command lists those that it uses.
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

type ExitName = keyof typeof EXIT;

/** What every command may end with, in the words of `--help`. */
const ALWAYS = {
  usage: 'wrong options',
  software: 'a mistake of the command itself',
  io: 'a file or a folder of this machine cannot be used',
  interrupted: 'interrupted with Ctrl-C',
} as const satisfies Partial<Record<ExitName, string>>;

/** The end of a `--help`. @param own codes of this command; they come before what all commands say */
export function exitCodes(
  own: Readonly<Partial<Record<ExitName, string>>> = {},
  done = 'done',
): string {
  const all = Object.entries({ ...ALWAYS, ...own }).map(([name, text]) => {
    const found = Object.entries(EXIT).find(([one]) => one === name);
    return { code: found?.[1] ?? 0, text };
  });
  const lines = [{ code: 0, text: done }, ...all.toSorted((a, b) => a.code - b.code)];
  return [
    'Exit codes',
    ...lines.map(({ code, text }) => `  ${String(code).padEnd(5)}${text}`),
  ].join('\n');
}
