import type * as z from 'zod/mini';

import type { Environment } from '../../src/lib/config/secret-reference.ts';
import { toSentences } from '../../src/lib/validation.ts';
import { CommandError } from '../cli/command-line.ts';
import { EXIT } from '../cli/exit-codes.ts';

/** A `serverless.yml` as it stands there, before anything is filled in. */
export interface Template {
  readonly inputs: Readonly<Record<string, unknown>>;
  /** What `${stage}` and its like are made of. */
  readonly own: Readonly<Record<string, unknown>>;
}

/**
 * Says what is wrong with the entries: by the variable of the shell that an entry is made of, where that
 * is set, and else by the entry's own name.
 *
 * @returns `NAME: …` or `inputs.… …`, never with a value
 */
export function inputReasons(
  issues: readonly z.core.$ZodIssue[],
  template: Template,
  shell: Environment,
): string[] {
  return issues.flatMap((issue) => {
    const from = variablesIn(valueAt(template.inputs, issue.path), template.own).filter(
      (name) => shell[name],
    );
    return toSentences([issue]).flatMap(({ at, message }) => {
      const form = FORMS[at] ?? message;
      if (from.length === 0) return [`inputs.${at} ${form}`];
      return from.map((name) => `${name}: inputs.${at}, which it is part of, ${form}`);
    });
  });
}

/** In place of a pattern. */
const FORMS: Readonly<Record<string, string>> = {
  name: 'must be 2 to 60 of A-Z a-z 0-9 _ -, a letter first, and no _ or - at the end',
  region: 'must be a region such as ap-guangzhou',
  role: 'must be the name of a role: 1 to 128 of A-Z a-z 0-9 + = , . @ _ -',
};

function valueAt(tree: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, step) => Object(value)[step], tree);
}

/** The variables that a text is made of, by way of `${stage}` and its like too. */
function variablesIn(text: unknown, own: Template['own']): string[] {
  if (typeof text !== 'string') return [];
  const found = [...text.matchAll(/\$\{(?:env[:.](\w+)|(\w+))\}/g)];
  return found.flatMap(([, variable, entry = '']) =>
    variable === undefined ? variablesIn(own[entry], {}) : [variable],
  );
}

/** One error for all reasons; of several about a variable the first counts. @returns nothing where there is none */
export function refusal(reasons: readonly string[]): CommandError | undefined {
  const isFirst = (reason: string, i: number): boolean => {
    const [name] = /^\w+:/.exec(reason) ?? [];
    return name === undefined || !reasons.slice(0, i).some((other) => isAbout(other, name, reason));
  };
  const lines = reasons.filter(isFirst).map((reason) => `  ${reason}`);
  if (lines.length === 0) return undefined;
  const hint = lines.some((line) => line.startsWith('  inputs.')) ? [HINT] : [];
  return new CommandError(EXIT.config, ['It cannot be deployed so:', ...lines, ...hint].join('\n'));
}

/** A list has many reasons, which are all of use; an entry's is of none beside the setting's own. */
function isAbout(other: string, name: string, reason: string): boolean {
  return (
    other.startsWith(name) &&
    (reason.includes(', which it is part of, ') || /is not set in/.test(other))
  );
}

const HINT =
  'docs/deploy.md lists the entries. The qualifier is an alias such as $DEFAULT, never $LATEST.';
