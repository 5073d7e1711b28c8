/** A token of JSON (RFC 8259), after blanks. */
const TOKEN =
  /[ \t\n\r]*([[\]{}:,]|"(?:[^"\\\p{Cc}]|[\u007f-\u009f]|\\(?:["\\/bfnrt]|u[\dA-Fa-f]{4}))*"|(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[Ee][+-]?\d+)?|true|false|null)(?![\w.]))/uy;

/** How a token may begin, by what came before; `{` and `[` stand for "after a member of". */
const EXPECTED = {
  value: /^["\w{[-]/,
  'first value': /^["\w{[\]-]/,
  key: /^"/,
  'first key': /^["}]/,
  colon: /^:/,
  '{': /^[,}]/,
  '[': /^[,\]]/,
  end: /^\0/,
} as const;

type State = keyof typeof EXPECTED;

interface Break {
  /** Offset of the first character that does not belong there. */
  readonly at: number;
  /** The token before it, if any. */
  readonly before: string;
  readonly state: State;
}

/**
 * Says where a text stops being JSON, and which slip that most likely is. Node's own message quotes the text, which may
 * hold a secret, and in Node 20 mostly has no position.
 *
 * @returns `line 2, column 5: …`, both from 1; quotes nothing of the text
 */
export function explainJson(text: string): string {
  const found = findBreak(text);
  const lines = text.slice(0, found.at).split('\n');
  const column = (lines.at(-1) ?? '').length + 1;
  return `line ${lines.length}, column ${column}: ${slipAt(text, found)}`;
}

function findBreak(text: string): Break {
  /** The brackets that are open, innermost last. */
  const open: ('{' | '[')[] = [];
  let [state, before, end]: [State, string, number] = ['value', '', 0];
  for (;;) {
    TOKEN.lastIndex = end;
    const [match = '', token = ''] = TOKEN.exec(text) ?? [];
    if (token === '' || !EXPECTED[state].test(token)) {
      return { at: text.slice(end).search(/[^ \t\n\r]|$/) + end, before, state };
    }
    if (token === '{' || token === '[') open.push(token);
    if (token === '}' || token === ']') open.pop();
    [state, before, end] = [stateAfter(token, state, open.at(-1)), token, end + match.length];
  }
}

/** @param inner the innermost bracket that is open now */
function stateAfter(token: string, state: State, inner: '{' | '[' | undefined): State {
  if (token === '{') return 'first key';
  if (token === '[') return 'first value';
  if (token === ':') return 'value';
  if (token === ',') return inner === '{' ? 'key' : 'value';
  const isKey = token !== '}' && (state === 'key' || state === 'first key');
  return isKey ? 'colon' : (inner ?? 'end');
}

const SLIPS: readonly (readonly [RegExp, string])[] = [
  [/^'/, 'single quotes: JSON takes double quotes alone'],
  [/^[`‘’“”]/, 'quotes of another kind: JSON takes double quotes (") alone'],
  [/^(\/[/*]|#)/, 'JSON has no comments'],
  [/^"(?:[^"\\]|\\.)*$/s, 'the text that begins here is not closed'],
  [/^"(?:[^"\\]|\\.)*[\p{Cc}]/su, 'the text that begins here has a line break or tab in it'],
  [/^\\/, 'a backslash too many: the quotes are escaped twice'],
  [/^[\u00a0\u2000-\u200b\u3000\ufeff]/, 'a character that looks like a blank and is none'],
  [/^[:,]/, 'something is missing before the colon or comma'],
  [/^"/, 'a comma or a colon is missing before this text'],
];

function slipAt(text: string, { at, before, state }: Break): string {
  const rest = text.slice(at);
  if (rest === '') return 'the text ends too early: a bracket is not closed, or it was cut off';
  if (state === 'end') return 'something follows after the end';
  if (before === ',' && /^[\]}]/.test(rest)) return 'a trailing comma before this bracket';
  const slip = SLIPS.find(([pattern]) => pattern.test(rest))?.[1];
  if (slip !== undefined) return slip;
  if (!text.includes('"')) {
    return 'the double quotes are missing: put the value in single quotes, or the shell takes them off';
  }
  return 'a comma or double quotes are missing, or this character does not belong here';
}
