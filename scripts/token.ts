import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { jwtIssuerEntries } from '../src/lib/auth/entries.ts';
import { SCOPES } from '../src/lib/auth/principal.ts';
import {
  CommandError,
  matching,
  oneOf,
  parsing,
  print,
  readSecret,
  required,
  runAsScript,
  toSeconds,
  variableName,
  wrongUsage,
} from './cli/command-line.ts';
import { EXIT } from './cli/exit-codes.ts';
import { HELP } from './callers/token-help.ts';
import {
  keySigner,
  newTokenSecret,
  secretSigner,
  signToken,
  TASK_ACTIONS,
  toClaims,
  type Signer,
  type TokenRequest,
} from './callers/token-sign.ts';

const list = { type: 'string', multiple: true } as const;
const OPTIONS = {
  'new-secret': { type: 'boolean' },
  id: { type: 'string', default: 'local' },
  sub: { type: 'string' },
  scope: list,
  task: list,
  action: list,
  region: list,
  engine: list,
  ttl: { type: 'string', default: '5m' },
  issuer: { type: 'string', default: 'https://issuer.example' },
  audience: { type: 'string', default: 'dlc-task-gateway' },
  'secret-env': { type: 'string' },
  'secret-stdin': { type: 'boolean' },
  'key-file': { type: 'string' },
  kid: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

const parse = (args: string[]) => parseArgs({ args, options: OPTIONS }).values;
type Options = ReturnType<typeof parse>;

async function main(args: string[]): Promise<number> {
  const options = parsing(() => parse(args));
  if (options.help) print(false, undefined, HELP);
  else if (options['new-secret']) printSecret(options);
  else await printToken(options);
  return 0;
}

async function printToken(options: Options): Promise<void> {
  const claims = toClaims(toRequest(options), Date.now());
  const token = await signToken(claims, await toSigner(options));
  print(options.json, { token, claims }, token);
}

/** The token that the options ask for. @throws CommandError 64 */
function toRequest(options: Options): TokenRequest {
  const { scope, task, action, region, engine } = options;
  if (!scope && !task)
    throw wrongUsage('give --scope or --task: without, the token permits nothing');
  if (scope && task)
    throw wrongUsage('give --scope or --task: the gateway ignores scopes beside tasks');
  if (!task && (action ?? region ?? engine)) {
    throw wrongUsage('--action, --region and --engine go with --task only');
  }
  const malformed = '--task must be 1 to 128 of A-Z a-z 0-9 _ -';
  return {
    issuer: required(options.issuer, '--issuer'),
    audience: required(options.audience, '--audience'),
    subject: required(options.sub, '--sub'),
    ttlSeconds: toSeconds(options.ttl, '--ttl'),
    scopes: scope?.map((value) => oneOf(SCOPES, value, '--scope')),
    tasks: task?.map((id) => matching(id, /^[A-Za-z0-9_-]{1,128}$/, malformed)),
    actions: action?.map((value) => oneOf(TASK_ACTIONS, value, '--action')),
    regions: region,
    engines: engine,
  };
}

async function toSigner(options: Options): Promise<Signer> {
  const { 'key-file': file, 'secret-env': variable, 'secret-stdin': stdin = false, kid } = options;
  if ([file, variable, stdin || undefined].filter((one) => one !== undefined).length > 1) {
    throw wrongUsage('give one of --key-file, --secret-env and --secret-stdin');
  }
  if (file !== undefined) return keySigner(readKeyFile(file), kid);
  const from = { variable: variable ?? 'GATEWAY_JWT_SECRET', stdin };
  return secretSigner(await readSecret(from, process.env), kid);
}

function readKeyFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new CommandError(EXIT.noInput, '--key-file names a file that cannot be read');
  }
}

function printSecret(options: Options): void {
  const { id, issuer, audience, 'secret-env': variable = 'GATEWAY_JWT_SECRET' } = options;
  const name = variableName(variable);
  const secret = newTokenSecret();
  const entry = { id, issuer, audience, algorithms: ['HS256'], secret: `env:${name}` };
  if (!jwtIssuerEntries.safeParse([entry]).success) {
    throw wrongUsage('--id must be 1 to 64 of A-Z a-z 0-9 _ -, --issuer and --audience not empty');
  }
  print(
    options.json,
    { secret, variable: name, entry },
    `The secret, shown this once; set it where tokens are made and at the gateway:\n\n  ${name}=${secret}\n\n` +
      `The entry for the array in JWT_ISSUERS; it holds no secret:\n\n  ${JSON.stringify(entry)}`,
  );
}

await runAsScript(import.meta.url, main);
