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
    const steps = issue.path.map((step) =>
      typeof step === 'number' ? `[${step}]` : `.${nameOf(step)}`,
    );
    const at = steps.join('').replace(/^\./, '');
    return sentences(issue).map((message) => ({ at, message }));
  });
}

function sentences(issue: Issue): string[] {
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => `has an unknown member ${nameOf(key)}`);
    case 'invalid_type': {
      const isMissing = issue.input === undefined && issue.path.length > 0;
      return [`${isMissing ? 'is missing, or not' : 'must be'} of type ${issue.expected}`];
    }
    case 'invalid_value':
      return [`must be one of ${issue.values.map(String).join(', ')}`];
    case 'invalid_format':
      return [
        `must ${issue.format === 'regex' ? `match ${issue.pattern}` : `be a ${issue.format}`}`,
      ];
    case 'too_small':
      return [`must have at least ${issue.minimum} ${unitOf(issue.origin)}`];
    case 'too_big':
      return [`must have at most ${issue.maximum} ${unitOf(issue.origin)}`];
    case 'invalid_union':
      return ['has none of the forms that it may have'];
    case 'custom':
      return [issue.message];
    default:
      return ['is not valid'];
  }
}

const unitOf = (origin: string): string => (origin === 'array' ? 'members' : 'characters');

/** Shows a member's name if it looks like one: a user may have put a secret in its place. */
function nameOf(key: PropertyKey): string {
  const name = String(key);
  const isName = /^[A-Za-z_][A-Za-z0-9_]{0,31}$/.test(name) && !/^wh(sec|pk|sk)_/.test(name);
  return isName ? name : '(not shown)';
}
