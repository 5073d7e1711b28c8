import type * as z from 'zod/mini';

/** Says what is wrong with a value, and where in it; `zod/mini` itself says only "Invalid input". */
export interface Sentence {
  /** Such as `[0].rate`; empty for the value as a whole. */
  readonly at: string;
  readonly message: string;
}

type Issue = z.core.$ZodIssue;

/** Makes a sentence of each issue. It never quotes a value, which may be a secret. */
export function toSentences(issues: readonly Issue[]): Sentence[] {
  return issues.flatMap((issue) => {
    const at = pathOf(issue.path);
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({ at, message: `has an unknown member ${nameOf(key)}` }));
    }
    return [{ at, message: sentence(issue) }];
  });
}

function sentence(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined && issue.path.length > 0
        ? `is missing, or not of type ${issue.expected}`
        : `must be of type ${issue.expected}`;
    case 'invalid_value':
      return `must be one of ${issue.values.map(String).join(', ')}`;
    case 'invalid_format':
      return issue.format === 'regex' && issue.pattern
        ? `must match ${issue.pattern}`
        : `must be a ${issue.format}`;
    case 'too_small':
      return `must have at least ${issue.minimum} ${issue.origin === 'array' ? 'members' : 'characters'}`;
    case 'too_big':
      return `must have at most ${issue.maximum} ${issue.origin === 'array' ? 'members' : 'characters'}`;
    case 'invalid_union':
      return 'has none of the forms that it may have';
    case 'custom':
      return issue.message;
    default:
      return 'is not valid';
  }
}

function pathOf(path: readonly PropertyKey[]): string {
  return path
    .map((step, i) => (typeof step === 'number' ? `[${step}]` : `${i ? '.' : ''}${nameOf(step)}`))
    .join('');
}

/** Shows a member's name if it looks like one: a user may have put a secret in its place. */
function nameOf(key: PropertyKey): string {
  const name = String(key);
  return /^[A-Za-z_][A-Za-z0-9_]{0,31}$/.test(name) && !/^wh(sec|pk|sk)_/.test(name)
    ? name
    : '(not shown)';
}
