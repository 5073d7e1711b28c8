import { command, silentLine } from '../cli/command.ts';

export const key = command('key', {
  summary: 'Makes an API key, and the entry that makes the gateway accept it.',
  details:
    'The key is shown once and stored nowhere: the entry holds its SHA-256 alone. Entries are the members of the array in API_KEYS; an id may have several, so that a key can be replaced.',
  examples: [
    '--id reporting --add-to config/api-keys.json',
    '--id reporting --scope tasks:cancel --scope tasks:read --rate 10/s',
    '--id nightly --engine etl --region ap-guangzhou --expires 2027-01-01T00:00:00Z',
  ],
  exits: {
    data: 'the file of --add-to is no list of API keys, or has this key already; it stays as it is',
    cannotCreate: 'the file of --add-to cannot be written; it stays as it is',
  },
})
  .requiredOption('--id <name>', 'who the key is for: 1 to 64 of A-Z a-z 0-9 _ - (required)')
  .option(
    '--scope <scope...>',
    'tasks:cancel or tasks:read; may be repeated (default: tasks:cancel)',
  )
  .option('--engine <name...>', 'only tasks on this engine; may be repeated')
  .option('--region <name...>', 'only tasks in this region; may be repeated')
  .option('--expires <time>', 'when the key stops working, such as 2027-01-01T00:00:00Z')
  .option('--rate <rate>', "the caller's quota, such as 10/s, 600/m or 1000/h")
  .option(
    '--add-to <file>',
    'adds the entry to this JSON file; makes the file, and its folder, if there is none',
  )
  .option('--sha256 <digest>', 'makes the entry for a key that its holder made, by its SHA-256')
  .option('--json', `{"key", "entry"} for programs; start with ${silentLine('key', '…')}`)
  .action(async (options) => {
    const work = await import('../callers/key.ts');
    await work.key(options);
  });
