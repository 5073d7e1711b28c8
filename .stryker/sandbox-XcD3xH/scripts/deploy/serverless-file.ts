import { readFileSync } from 'node:fs';
import path from 'node:path';

import { parseDocument } from 'yaml';
import * as z from 'zod/mini';

import type { Environment } from '../../src/lib/config/secret-reference.ts';
import { CommandError } from '../cli/command-line.ts';
import { EXIT } from '../cli/exit-codes.ts';
import { endpointReasons } from './scf.ts';
import { settingReasons } from './settings-check.ts';
import { fillTree, fillVariables, type Lookup } from './template.ts';
import { inputReasons, refusal } from './wrong-inputs.ts';

const NAME = /^[A-Za-z][A-Za-z0-9_-]{0,58}[A-Za-z0-9]$/;
/** `$DEFAULT`, which every function has, or an alias of one's own. A version is what rolling back moves away from. */
const ALIAS = /^(\$DEFAULT|[A-Za-z][\w-]{0,63})$/;
const text = z.string().check(z.minLength(1));
const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
/** CAM's CreateRole: 1 to 128 of these. */
const ROLE = /^([A-Za-z0-9+=,.@_-]{1,128}|<.*>)$/;
const switches = z.strictObject({ enableExtranet: z.boolean(), enableIntranet: z.boolean() });

const environmentEntry = z.strictObject({ variables: z.record(z.string(), scalar) });

const url = z.strictObject({
  name: z.optional(text),
  qualifier: z.string().check(z.regex(ALIAS)),
  authType: z.enum(['NONE', 'CAM']),
  apiGwCompatible: z.optional(z.boolean()),
  netConfig: switches,
});

/** What is deployed of Tencent's `scf` component; an entry that would be ignored silently is refused. */
const inputs = z.strictObject({
  name: z.string().check(z.regex(NAME)),
  region: z.string().check(z.regex(/^([a-z]{2,}(-[a-z0-9]+)+|<.*>)$/)),
  type: z.enum(['event', 'web']),
  runtime: text,
  handler: z.optional(text),
  src: text,
  role: z.optional(z.string().check(z.regex(ROLE))),
  memorySize: z.int().check(z.minimum(64)),
  timeout: z.int().check(z.minimum(1)),
  initTimeout: z.optional(z.int()),
  vpcConfig: z.optional(z.strictObject({ vpcId: text, subnetId: text })),
  cls: z.optional(z.strictObject({ logsetId: text, topicId: text })),
  instanceConcurrencyConfig: z.optional(
    z.strictObject({ enable: z.boolean(), dynamicEnabled: z.boolean(), maxConcurrency: z.int() }),
  ),
  environment: z.optional(environmentEntry),
  events: z.tuple([z.strictObject({ http: z.strictObject({ parameters: url }) })]),
});

/** A deployment as `serverless.yml` describes it, with everything filled in; `src` is an absolute path. */
export interface Deployment extends Omit<z.output<typeof inputs>, 'environment' | 'events'> {
  readonly variables: Readonly<Record<string, string>>;
  readonly url: z.output<typeof url>;
  /** Variables of the shell that are needed and not set; their places hold `<NAME is not set>`. */
  readonly missing: readonly string[];
}

export interface Choice {
  /** Path of the file. */
  readonly config: string;
  readonly stage?: string | undefined;
  readonly region?: string | undefined;
}

/**
 * Reads a `serverless.yml`.
 *
 * @throws CommandError 66 where it cannot be read, 78 where it is wrong: with every reason, no value
 */
export function readServerlessFile(choice: Choice, env: Environment): Deployment {
  const { inputs: raw = {}, ...top } = parseYaml(choice.config);
  const lookup = lookupOf(top, choice, env);
  const missing = new Set<string>();
  const { environment = {}, ...others } = asObject(raw);
  const region = choice.region === undefined ? {} : { region: choice.region };
  const template = { ...others, ...region };
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

export const missingReasons = (missing: readonly string[]): string[] =>
  missing.map((one) => `${one}: is not set in this shell`);

/** `dev` is the stage that Tencent's own tool takes where none is named. */
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
