import { rowsOfSettings, type SettingWords } from './settings-page.ts';
import { CHINESE_MEANINGS, formInChinese } from './settings-words.zh-CN.ts';

const WORDS: SettingWords = {
  meaningOf(name) {
    const meaning = CHINESE_MEANINGS[name];
    if (meaning !== undefined) return meaning;
    throw new Error(`scripts/pages/settings-words.zh-CN.ts has no Chinese for ${name}`);
  },
  formOf: formInChinese,
  example: '例如',
  secret: '可能含有密钥',
  semicolon: '；',
};

/** The text of docs/zh-CN/settings.md. */
export function settingsPageInChinese(): string {
  return `# 设置

<!-- Made by \`npm run pages\`: change src/settings-table.ts and scripts/pages/settings-words.zh-CN.ts instead. -->

所有设置都是环境变量，启动时读取一次。只要有一项错误，日志就会一次列出所有错误的设置（\`wrong-setting\`），
但不会引用其值；此时服务器以状态 78 退出，函数则返回 500 \`gateway-misconfigured\`。如果某项设置可能不是您的本意，
日志会给出提示（\`setting-warning\`），网关照常工作。空变量视为没有设置。
\`npm run doctor\` 会检查所有设置。

| 名称 | 默认值 | 取值 | 含义 |
|---|---|---|---|
${rowsOfSettings(WORDS)}

## 放在文件中的名单

\`API_KEYS\`、\`JWT_ISSUERS\` 和 \`WEBHOOK_SENDERS\` 可以是 JSON，也可以是指向 UTF-8 编码 JSON 文件的 \`@path\`：
路径相对于程序包，或者是挂载的文件（\`@/path\`）。如果名单不是有效的 JSON，日志会指出位置（行号和列号）以及最可能的笔误。

## 密钥

名单中凡是可以填写密钥的地方，都可以用 \`env:NAME\` 从该环境变量读取，这样文件中就不含密钥。以下密钥会被拒绝：
含有换行或首尾引号的；没有填写的模板（\`\${env:…}\`、\`{{…}}\`、\`<…>\`）；由同一个字符重复组成的。
API 密钥条目中的摘要，如果对应的是空值、占位符、示例，或者 \`npm start\` 打印的密钥（DLC 在本机回环地址时除外），也会被拒绝。
`;
}
