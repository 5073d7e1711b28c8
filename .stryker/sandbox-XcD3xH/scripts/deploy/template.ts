import { CommandError } from '../cli/command-line.ts';
import { EXIT } from '../cli/exit-codes.ts';
import type { Environment } from '../../src/lib/config/secret-reference.ts';

/**
 * The `${…}` of a `serverless.yml`: `${env:NAME}` (also written `${env.NAME}`), and `${stage}`,
 * `${name}`, `${app}` for the file's own top entries.
 */
export interface Lookup {
  readonly env: Environment;
  /** What `${stage}` and its like stand for. */
  readonly own: Readonly<Record<string, string>>;
}

/** A text with everything put in; or, where a variable is not set, no text but that variable's name. */
type Filled = { readonly text: string } | { readonly missing: string };

const PLACEHOLDER = /\$\{([^}]*)\}/g;

/** @throws CommandError 78 for a placeholder of another kind */
function fill(template: string, { env, own }: Lookup): Filled {
  let missing: string | undefined;
  const text = template.replace(PLACEHOLDER, (_, expression: string) => {
    const variable = /^env[:.]([A-Za-z_]\w*)$/.exec(expression)?.[1];
    const value = variable === undefined ? own[expression] : env[variable];
    if (variable === undefined && value === undefined) {
      throw new CommandError(EXIT.config, `\${${printable(expression)}} is not known: ${KNOWN}`);
    }
    if (value) return value;
    missing ??= variable ?? expression;
    return '';
  });
  return missing === undefined ? { text } : { missing };
}

const KNOWN = '${env:NAME}, ${stage}, ${name} and ${app} are';

function printable(expression: string): string {
  return expression.replace(/[^\w:. -]/g, '?').slice(0, 40);
}

/**
 * Fills every text in a tree of JSON values.
 *
 * @param missing gets the names of variables that are not set; their places hold `<NAME is not set>`
 */
export function fillTree(value: unknown, lookup: Lookup, missing: Set<string>): unknown {
  if (typeof value === 'string') {
    const filled = fill(value, lookup);
    if ('text' in filled) return filled.text;
    missing.add(filled.missing);
    return `<${filled.missing} is not set>`;
  }
  if (Array.isArray(value)) return value.map((item) => fillTree(item, lookup, missing));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  return Object.fromEntries(entries.map(([key, item]) => [key, fillTree(item, lookup, missing)]));
}

/** The variables of a function; one whose source is not set, or empty, is left out: SCF takes no empty value. */
export function fillVariables(
  variables: Readonly<Record<string, string | number | boolean | null>>,
  lookup: Lookup,
): Record<string, string> {
  const filled = Object.entries(variables).map(([name, value]) => {
    const result = value === null ? { missing: name } : fill(String(value), lookup);
    return [name, 'text' in result ? result.text : ''] as const;
  });
  return Object.fromEntries(filled.filter(([, value]) => value !== ''));
}
