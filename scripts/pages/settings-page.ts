import { settingRows, type SettingRow } from '../../src/settings-table.ts';
import { EXAMPLES, FALLBACKS, MAY_BE_SECRET, MEANINGS } from './settings-words.ts';

/** The text of docs/settings.md. */
export function settingsPage(): string {
  const rows = settingRows().map((row) => `| ${cells(row).join(' | ')} |`);
  return `# Settings

<!-- Made by \`npm run pages\`: change src/settings-table.ts and scripts/pages/settings-words.ts instead. -->

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
