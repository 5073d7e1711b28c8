import { readFileSync } from 'node:fs';

import { jwtIssuerEntries } from '../../src/lib/auth/entries.ts';
import type { Scope } from '../../src/lib/auth/principal.ts';
import { CommandError, print, readSecret, wrongUsage } from '../cli/command-line.ts';
import { EXIT } from '../cli/exit-codes.ts';
import {
  keySigner,
  newTokenSecret,
  secretSigner,
  signToken,
  toClaims,
  type Signer,
  type TokenRequest,
} from './token-sign.ts';

interface Options {
  readonly sub?: string;
  readonly scope?: readonly Scope[];
  readonly task?: readonly string[];
  readonly action?: readonly ('cancel' | 'read')[];
  readonly region?: readonly string[];
  readonly engine?: readonly string[];
  /** Seconds. */
  readonly ttl: number;
  readonly issuer: string;
  readonly audience: string;
  readonly secretEnv?: string;
  readonly secretStdin?: true;
  readonly keyFile?: string;
  readonly kid?: string;
  readonly newSecret?: true;
  readonly id: string;
  readonly json?: true;
}

/** The variable that holds the secret, unless an option names another. */
const SECRET = 'GATEWAY_JWT_SECRET';

/** Prints a token, or a new secret. @throws CommandError 64, 65, 66 */
export async function token(options: Options): Promise<void> {
  if (options.newSecret) return printSecret(options);
  const claims = toClaims(toRequest(options), Date.now());
  const signed = await signToken(claims, await toSigner(options));
  print(options.json, { token: signed, claims }, signed);
}

/** The token that the options ask for. @throws CommandError 64 */
function toRequest(options: Options): TokenRequest {
  const { sub: subject, scope: scopes, task: tasks, action: actions } = options;
  const { issuer, audience, ttl: ttlSeconds, region: regions, engine: engines } = options;
  if (!scopes && !tasks) throw wrongUsage('give --scope or --task: else the token permits nothing');
  if (scopes && tasks) {
    throw wrongUsage('give --scope or --task: the gateway ignores scopes beside tasks');
  }
  if (!tasks && (actions ?? regions ?? engines)) {
    throw wrongUsage('--action, --region and --engine go with --task only');
  }
  if (!subject) throw wrongUsage('--sub is missing; see --help');
  if (!issuer || !audience) throw wrongUsage('--issuer and --audience must not be empty');
  return { issuer, audience, subject, ttlSeconds, scopes, tasks, actions, regions, engines };
}

async function toSigner(options: Options): Promise<Signer> {
  const { keyFile, secretEnv, secretStdin, kid } = options;
  if ([keyFile, secretEnv, secretStdin].filter((one) => one !== undefined).length > 1) {
    throw wrongUsage('give one of --key-file, --secret-env and --secret-stdin');
  }
  if (keyFile !== undefined) return keySigner(readKeyFile(keyFile), kid);
  const from = { variable: secretEnv ?? SECRET, stdin: secretStdin ?? false };
  return secretSigner(await readSecret(from, process.env), kid);
}

function readKeyFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new CommandError(EXIT.noInput, '--key-file names a file that cannot be read');
  }
}

function printSecret({ id, issuer, audience, secretEnv: name = SECRET, json }: Options): void {
  const secret = newTokenSecret();
  const entry = { id, issuer, audience, algorithms: ['HS256'], secret: `env:${name}` };
  if (!jwtIssuerEntries.safeParse([entry]).success) {
    throw wrongUsage('--id must be 1 to 64 of A-Z a-z 0-9 _ -, --issuer and --audience not empty');
  }
  print(
    json,
    { secret, variable: name, entry },
    `The secret, shown this once; set it where tokens are made and at the gateway:\n\n  ${name}=${secret}\n\n` +
      `The entry for the array in JWT_ISSUERS; it holds no secret:\n\n  ${JSON.stringify(entry)}`,
  );
}
