import { settingRows, type SettingRow } from '../../src/settings-table.ts';
import { EXAMPLES, FALLBACKS, MAY_BE_SECRET, MEANINGS } from './settings-words.ts';

/** The text of docs/settings.md. */
export function settingsPage(): string {
  return `# Settings

<!-- Made by \`npm run pages\`: change src/settings-table.ts and scripts/pages/settings-words.ts instead. -->

Environment variables, read once. If any is wrong, the log names all wrong ones at once (\`wrong-setting\`) and quotes no
value; the server then ends with 78, and a function answers 500 \`gateway-misconfigured\`. If one is probably not as
somebody meant it, the log says so (\`setting-warning\`) and the gateway works. An empty variable counts as not set.
\`npm run doctor\` checks all of them.

| name | default | must be | meaning |
|---|---|---|---|
${rowsOfSettings(WORDS)}

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

/** What cells say, in one language. */
export interface SettingWords {
  readonly meaningOf: (name: string) => string;
  readonly formOf: (form: string) => string;
  readonly example: string;
  readonly secret: string;
  readonly semicolon: string;
}

const WORDS: SettingWords = {
  meaningOf: (name) => MEANINGS[name] ?? '',
  formOf: (form) => form,
  example: 'for example',
  secret: 'may hold a secret',
  semicolon: '; ',
};

/** The rows of the table. */
export function rowsOfSettings(words: SettingWords): string {
  return settingRows()
    .map((setting) => `| ${cells(setting, words).join(' | ')} |`)
    .join('\n');
}

function cells({ name, form, standard }: SettingRow, words: SettingWords): string[] {
  const fallback = FALLBACKS[name] ?? standard;
  const example = EXAMPLES[name];
  const meaning = [
    words.meaningOf(name),
    ...(example === undefined ? [] : [`${words.example} \`${example}\``]),
    ...(MAY_BE_SECRET.has(name) ? [words.secret] : []),
  ];
  const formWords = words.formOf(form);
  return [`\`${name}\``, fallback && `\`${fallback}\``, formWords, meaning.join(words.semicolon)];
}
