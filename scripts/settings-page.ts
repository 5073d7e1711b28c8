import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { settingRows, type SettingRow } from '../src/settings-table.ts';
import { EXAMPLES, FALLBACKS, MAY_BE_SECRET, MEANINGS } from '../src/settings-words.ts';
import { CommandError, parsing, print, runAsScript } from './cli/command-line.ts';
import { EXIT, exitCodes } from './cli/exit-codes.ts';

const PAGE = path.resolve(import.meta.dirname, '..', 'docs', 'settings.md');

const HELP = `Writes docs/settings.md from the table of settings in src/settings-table.ts and src/settings-words.ts.

  node --import tsx scripts/settings-page.ts
  node --import tsx scripts/settings-page.ts --check

Options
  --check      writes nothing, but fails if the page is not what would be written
  -h, --help   this text

Environment
  none

${exitCodes({ failed: 'with --check: the page is not what would be written' })}`;

/** The text of docs/settings.md. */
export function settingsPage(): string {
  const rows = settingRows().map((row) => `| ${cells(row).join(' | ')} |`);
  return `# Settings

<!-- Made by \`node --import tsx scripts/settings-page.ts\`: change src/settings-table.ts and src/settings-words.ts instead. -->

Environment variables, read once. If any is wrong, the log names all wrong ones at once (\`wrong-setting\`) and quotes no
value; the server then ends with 78, and a function answers 500 \`gateway-misconfigured\`. If one is probably not as
somebody meant it, the log says so (\`setting-warning\`) and the gateway works. An empty variable counts as not set.
\`npm run doctor\` checks all of them.

| name | default | must be | meaning |
|---|---|---|---|
${rows.join('\n')}

## Lists in files

\`API_KEYS\`, \`JWT_ISSUERS\` and \`WEBHOOK_SENDERS\` are JSON, or \`@path\` to a JSON file in UTF-8: relative to the bundle, or a
mounted one (\`@/path\`). If a list is not JSON, the log says where (line and column) and which slip that most likely is.

## Secrets

Wherever a list has a secret, \`env:NAME\` takes it from that variable, so that no file holds one. A secret is refused if it has
a line break or quotes around it, if it is a template that nobody filled in (\`\${env:…}\`, \`{{…}}\`, \`<…>\`), or if it is one
character repeated. An API key's entry is refused if its digest is that of nothing, of a placeholder, of an example or, unless
DLC is on loopback, of the key that \`npm start\` prints.
`;
}

function cells({ name, form, standard }: SettingRow): string[] {
  const fallback = FALLBACKS[name] ?? standard;
  const example = EXAMPLES[name];
  const meaning = [
    MEANINGS[name],
    ...(example === undefined ? [] : [`for example \`${example}\``]),
    ...(MAY_BE_SECRET.has(name) ? ['may hold a secret'] : []),
  ];
  return [`\`${name}\``, fallback && `\`${fallback}\``, form, meaning.join('; ')];
}

async function main(args: string[]): Promise<number> {
  const options = { check: { type: 'boolean' }, help: { type: 'boolean' } } as const;
  const { values } = parsing(() => parseArgs({ args, options }));
  if (values.help) return (print(false, undefined, HELP), 0);
  if (!values.check) return (writeFileSync(PAGE, settingsPage()), 0);
  if (readFileSync(PAGE, 'utf8') === settingsPage()) return 0;
  throw new CommandError(
    EXIT.failed,
    'docs/settings.md is not what scripts/settings-page.ts writes.',
  );
}

await runAsScript(import.meta.url, main);
