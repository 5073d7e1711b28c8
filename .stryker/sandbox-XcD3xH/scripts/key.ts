import { createHash, randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';

import { apiKeyEntries } from '../src/lib/auth/entries.ts';
import { parsing, print, required, runAsScript, wrongUsage } from './cli/command-line.ts';
import { exitCodes } from './cli/exit-codes.ts';

const HELP = `Makes an API key, and the entry that lets the gateway know it.

  npm run key -- --id reporting
  npm run key -- --id reporting --scope tasks:cancel --scope tasks:read --rate 10/s
  npm run key -- --id nightly --engine etl --region ap-guangzhou --expires 2027-01-01T00:00:00Z

Options
  --id NAME        who the key is for: 1 to 64 of A-Z a-z 0-9 _ -   (required)
  --scope SCOPE    tasks:cancel or tasks:read; may be repeated      (default: tasks:cancel)
  --engine NAME    only tasks on this engine; may be repeated
  --region NAME    only tasks in this region; may be repeated
  --expires TIME   when the key stops working, such as 2027-01-01T00:00:00Z
  --rate RATE      the caller's quota, such as 10/s, 600/m or 1000/h
  --json           {"key", "entry"} for programs; start with npm run --silent key -- …
  -h, --help       this text

Environment
  none

The key is shown once and stored nowhere: the entry holds its SHA-256 alone. Entries are the
members of the array in API_KEYS; an id may have several, so that a key can be replaced.

${exitCodes()}`;

export interface KeyOptions {
  readonly id: string;
  /** Default: `tasks:cancel` alone. */
  readonly scopes?: readonly string[] | undefined;
  readonly engines?: readonly string[] | undefined;
  readonly regions?: readonly string[] | undefined;
  readonly expires?: string | undefined;
  readonly rate?: string | undefined;
}

const SENTENCES = {
  id: '--id must be 1 to 64 of A-Z a-z 0-9 _ -',
  scopes: '--scope must be tasks:cancel or tasks:read',
  engines: '--engine must be the name or the id of an engine',
  regions: '--region must be a region such as ap-guangzhou',
  expires: '--expires must be a time such as 2027-01-01T00:00:00Z',
  rate: '--rate must be like 10/s, 600/m or 1000/h',
} as const satisfies Record<keyof KeyOptions, string>;

/**
 * Makes a key of 32 random bytes, and its entry for `API_KEYS`, which holds the key's SHA-256.
 *
 * @throws CommandError 64 where the gateway would not take the entry
 */
export function makeKey(
  options: KeyOptions,
  random: (size: number) => Buffer = randomBytes,
): { key: string; entry: Record<string, unknown> } {
  const { id, scopes = ['tasks:cancel'], engines, regions, expires, rate } = options;
  const key = `dlcgw_${random(32).toString('base64url')}`;
  const entry = {
    id,
    sha256: createHash('sha256').update(key).digest('hex'),
    scopes: [...new Set(scopes)],
    ...(engines && { engines }),
    ...(regions && { regions }),
    ...(expires !== undefined && { expires }),
    ...(rate !== undefined && { rate }),
  };
  const parsed = apiKeyEntries.safeParse([entry]);
  if (parsed.success) return { key, entry };
  const members = new Set(parsed.error.issues.map(({ path }) => path[1]));
  const wrong = Object.entries(SENTENCES).filter(([member]) => members.has(member));
  throw wrongUsage(wrong.map(([, sentence]) => sentence).join('; '));
}

async function main(args: string[]): Promise<number> {
  const list = { type: 'string', multiple: true } as const;
  const { values } = parsing(() =>
    parseArgs({
      args,
      options: {
        id: { type: 'string' },
        scope: list,
        engine: list,
        region: list,
        expires: { type: 'string' },
        rate: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    }),
  );
  if (values.help) return (print(false, undefined, HELP), 0);
  const { scope: scopes, engine: engines, region: regions, expires, rate } = values;
  const id = required(values.id, '--id');
  const made = makeKey({ id, scopes, engines, regions, expires, rate });
  if (expires !== undefined && Date.parse(expires) <= Date.now()) {
    throw wrongUsage('--expires is in the past');
  }
  print(
    values.json,
    made,
    `The key, shown this once; its holder sends it as X-API-Key:\n\n  ${made.key}\n\n` +
      `The entry for the array in API_KEYS; it holds no secret:\n\n  ${JSON.stringify(made.entry)}`,
  );
  return 0;
}

await runAsScript(import.meta.url, main);
