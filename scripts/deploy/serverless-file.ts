import { readFileSync } from 'node:fs';
import path from 'node:path';

import { parseDocument } from 'yaml';

import type { Environment } from '../../src/lib/config/secret-reference.ts';
import { CommandError } from '../cli/command-line.ts';
import { EXIT } from '../cli/exit-codes.ts';
import { environmentEntry, inputs, type Deployment } from './deployment.ts';
import { endpointReasons } from './api.ts';
import { settingReasons } from './settings-check.ts';
import { fillTree, fillVariables, type Lookup } from './template.ts';
import { inputReasons, refusal } from './wrong-inputs.ts';

export interface Choice {
  /** Path of the file. */
  readonly config: string;
  readonly stage?: string | undefined;
  readonly region?: string | undefined;
}

/**
 * Reads a `serverless.yml`.
 *
 * @throws CommandError 66 if it cannot be read, 78 if it is wrong: with every reason, no value
 */
export function readServerlessFile(choice: Choice, env: Environment): Deployment {
  const { inputs: raw = {}, ...top } = parseYaml(choice.config);
  const lookup = lookupOf(top, choice, env);
  const missing = new Set<string>();
  const { environment = {}, ...others } = asObject(raw);
  const region = choice.region === undefined ? {} : { region: choice.region };
  const template = { ...withoutUnset(others, lookup), ...region };
  const filled = asObject(fillTree(template, lookup, missing));
  const given = environmentEntry.safeParse(environment);
  const variables = fillVariables(given.data?.variables ?? {}, lookup);
  const parsed = inputs.safeParse({ ...filled, environment });
  if (!parsed.success) {
    const own = choice.stage === undefined ? top : { ...top, stage: choice.stage };
    const wrong = [
      ...missingReasons([...missing]),
      ...settingReasons(variables),
      ...endpointReasons(env),
      ...inputReasons(parsed.error.issues, { inputs: template, own }, env),
    ];
    throw refusal(wrong) ?? new CommandError(EXIT.config, `${choice.config} cannot be deployed`);
  }
  const { environment: _, events, ...rest } = parsed.data;
  return {
    ...rest,
    variables,
    url: events[0].http.parameters,
    src: path.resolve(path.dirname(choice.config), rest.src),
    missing: [...missing],
  };
}

/** Leaves the network and the log topic out where no variable that they are made of is set. */
function withoutUnset(inputsOf: Record<string, unknown>, lookup: Lookup) {
  const isUnset = (entry: string): boolean => {
    const unset = new Set<string>();
    fillTree(inputsOf[entry], lookup, unset);
    const members = Object.keys(Object(inputsOf[entry])).length;
    return members > 0 && unset.size === members;
  };
  const left = new Set(['vpcConfig', 'cls'].filter(isUnset));
  return Object.fromEntries(Object.entries(inputsOf).filter(([entry]) => !left.has(entry)));
}

export const missingReasons = (missing: readonly string[]): string[] =>
  missing.map((one) => `${one}: is not set in this shell`);

/** Without a stage, Tencent's own tool takes `dev`. */
function lookupOf(top: Record<string, unknown>, choice: Choice, shell: Environment): Lookup {
  const env = { ...shell, STAGE: choice.stage ?? (shell['STAGE'] || 'dev') };
  const { stage = 'dev', name = '', app = '' } = top;
  const named = choice.stage ?? stage;
  const own = fillTree({ stage: named, name, app }, { env, own: {} }, new Set());
  const texts = Object.entries(asObject(own)).map(([key, value]) => [key, String(value)] as const);
  return { env, own: Object.fromEntries(texts) };
}

function parseYaml(file: string): Record<string, unknown> {
  let source: string;
  try {
    source = readFileSync(file, 'utf8');
  } catch {
    throw new CommandError(EXIT.noInput, `${file} cannot be read; --config names another file`);
  }
  const document = parseDocument(source);
  const [error] = document.errors;
  // The parser's own words quote the line, and somebody may have put a secret there.
  if (!error) return asObject(document.toJS());
  const [{ line }] = error.linePos ?? [{ line: 0 }];
  throw new CommandError(EXIT.config, `${file} is not YAML: ${error.code} in line ${line}`);
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null
    ? Object.fromEntries(Object.entries(value))
    : {};
}
