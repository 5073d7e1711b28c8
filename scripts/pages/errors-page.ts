import { EXACT_CODES, FAMILIES, ruleFor, type UpstreamRule } from '../../src/lib/dlc/errors.ts';
import { PROBLEM_TEXTS } from '../../src/lib/problems.openapi.ts';
import { PROBLEMS, type ProblemCode, type ProblemKind } from '../../src/lib/problems.ts';

const CODES = Object.keys(PROBLEMS).filter((code): code is ProblemCode => code in PROBLEMS);

/** The text of docs/errors.md. */
export function errorsPage(): string {
  return `# Errors

<!-- Made by \`npm run pages\`: change src/lib/problems.ts, src/lib/problems.openapi.ts and src/lib/dlc/errors.ts instead. -->

Every error is \`application/problem+json\` ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)):
\`{type, title, status, detail, code, retryable, requestId}\` and, where they apply, \`outcomeUnknown\`, \`upstreamCode\`,
\`upstreamRequestId\`, \`taskId\`, \`region\`, \`taskState\`, \`errors\`, \`violated-policies\`. \`type\` leads to a page about the code
(\`GET /problems/{code}\`), with a command to try and what the operator looks at. With \`Accept-Language: zh\`, titles, sentences and pages are in
Chinese (\`Content-Language: zh-CN\`).

- Decide by \`code\`, and by \`outcomeUnknown\`. Titles and sentences may change.
- If \`retryable\` is true, the same request may succeed later. The response then has \`Retry-After\`; the seconds below are its default, and
  the two rate limits compute theirs.
- If \`outcomeUnknown\` is true, the task may or may not be cancelled. Ask for its state, or cancel it again: that does no harm.
- A webhook sender gets other statuses: see [webhooks.md](webhooks.md#what-a-sender-gets).

## Codes

| code | status | retryable | meaning | what to do |
|---|---|---|---|---|
${problemRows(PROBLEM_TEXTS, WORDS)}

## Where the operator looks

| code | where |
|---|---|
${operatorRows(PROBLEM_TEXTS)}

## DLC's codes

An exact code counts before a family, and the longest family before a shorter one. \`X*\` stands for \`X\` and every \`X.…\`. *Unknown*: the code
does not say whether the cancellation took effect, so the gateway looks the task's state up before it responds.

| DLC's code | becomes | outcome | the gateway tries again |
|---|---|---|---|
${upstreamRows(WORDS)}

## When DLC gives no code

| what happened | becomes | outcome |
|---|---|---|
| no connection: refused, no such host, no route, a wrong certificate | \`upstream-unreachable\` | not done |
| the connection broke after it was made | \`upstream-unreachable\` | unknown |
| the time was up while the gateway waited for a slot | \`upstream-rate-limited\` | not done |
| the time was up before anything was written | \`upstream-timeout\` | not done |
| the time was up after that | \`upstream-timeout\` | unknown |
| HTTP status 429 | \`upstream-rate-limited\` | not done |
| HTTP status 502, 503, 504 | \`upstream-unreachable\`, \`upstream-unavailable\`, \`upstream-timeout\` | unknown |
| another status, a redirect, more than 1 MiB, anything that is not DLC's JSON | \`upstream-invalid-response\` | unknown |

The gateway tries all of these again until the deadline, the last one once.
`;
}

/** Words in the cells of both tables, in one language. */
export interface Words {
  readonly yes: string;
  readonly no: string;
  /** Between `yes` and the seconds. */
  readonly comma: string;
  readonly seconds: string;
  readonly unknown: string;
  readonly notDone: string;
  readonly notAbove: string;
  readonly anythingElse: string;
}

const WORDS: Words = {
  yes: 'yes',
  no: 'no',
  comma: ', ',
  seconds: 's',
  unknown: 'unknown',
  notDone: 'not done',
  notAbove: 'not above',
  anythingElse: 'anything else',
};

type Texts = Readonly<
  Record<ProblemCode, Readonly<Record<'meaning' | 'advice' | 'operator', string>>>
>;

/** The table of our codes. */
export function problemRows(texts: Texts, { yes, no, comma, seconds }: Words): string {
  const rows = CODES.map((code) => {
    const { status, retryable, retryAfter }: ProblemKind = PROBLEMS[code];
    const { meaning, advice } = texts[code];
    const again = retryable ? `${yes}${comma}${retryAfter} ${seconds}` : no;
    return row([`\`${code}\``, String(status), again, meaning, advice]);
  });
  return rows.join('\n');
}

/** Where the operator looks, by our codes. */
export function operatorRows(texts: Texts): string {
  return CODES.map((code) => row([`\`${code}\``, texts[code].operator])).join('\n');
}

/** The table of DLC's codes. */
export function upstreamRows(words: Words): string {
  const exact = Object.entries(EXACT_CODES).map(([code, rule]) =>
    upstreamRow(`\`${code}\``, rule, words),
  );
  const families = Object.entries(FAMILIES).map(([name, rule]) =>
    upstreamRow(`\`${name}*\`${name in EXACT_CODES ? ` ${words.notAbove}` : ''}`, rule, words),
  );
  return [...exact, ...families, upstreamRow(words.anythingElse, ruleFor(''), words)].join('\n');
}

function upstreamRow(
  pattern: string,
  { code, outcome, again }: UpstreamRule,
  words: Words,
): string {
  const effect = outcome === 'unknown' ? words.unknown : words.notDone;
  return row([pattern, `\`${code}\``, effect, again ? words.yes : words.no]);
}

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
