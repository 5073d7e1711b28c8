import { print, wrongUsage } from '../cli/command-line.ts';
import { addEntry } from './add-entry.ts';
import { entryOf, makeKey } from './make-key.ts';

interface Options {
  readonly id: string;
  readonly scope?: readonly string[];
  readonly engine?: readonly string[];
  readonly region?: readonly string[];
  readonly expires?: string;
  readonly rate?: string;
  readonly sha256?: string;
  readonly addTo?: string;
  readonly json?: true;
}

/** Prints a key and its entry, and adds the entry to a file if an option names one. @throws CommandError 64, 65, 73 */
export async function key(options: Options): Promise<void> {
  const { id, expires, rate, sha256, addTo, json } = options;
  const { scope: scopes, engine: engines, region: regions } = options;
  const wanted = { id, scopes, engines, regions, expires, rate };
  const made = sha256 === undefined ? makeKey(wanted) : { entry: entryOf(wanted, sha256) };
  if (expires !== undefined && Date.parse(expires) <= Date.now()) {
    throw wrongUsage('--expires is in the past');
  }
  if (addTo !== undefined) await addEntry(addTo, made.entry);
  const shown = [
    ...('key' in made ? [`${KEY}\n\n  ${made.key}`] : []),
    addTo === undefined
      ? `${ENTRY}\n\n  ${JSON.stringify(made.entry)}`
      : `The entry was added to ${addTo}. It holds no secret.`,
  ];
  print(json, made, shown.join('\n\n'));
}

const KEY = 'The key, shown this once; its holder sends it as X-API-Key:';
const ENTRY = 'The entry for the array in API_KEYS; it holds no secret:';
