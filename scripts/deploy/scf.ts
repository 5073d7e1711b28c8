import { Client } from 'tencentcloud-sdk-nodejs/tencentcloud/services/scf/v20180416/scf_client.js';

import { readCredentials, type CloudCredentials } from '../../src/lib/dlc/client.ts';
import { parseEndpoint, type DlcEndpoint } from '../../src/lib/dlc/endpoint.ts';
import { classify } from '../../src/lib/dlc/failure.ts';
import { ObservedAgent, createConnections } from '../../src/lib/dlc/connections.ts';
import type { Environment } from '../../src/lib/config/secret-reference.ts';
import { SettingError } from '../../src/lib/config/setting-error.ts';
import { CommandError } from '../cli/command-line.ts';
import { EXIT } from '../cli/exit-codes.ts';
import { adviceFor, ScfError } from './scf-errors.ts';

/** Every action that a deployment needs; deploy/cam-deployer-policy.json allows these and no others. */
export const ACTIONS = [
  'GetFunction',
  'CreateFunction',
  'UpdateFunctionCode',
  'UpdateFunctionConfiguration',
  'GetReservedConcurrencyConfig',
  'PutReservedConcurrencyConfig',
  'ListVersionByFunction',
  'PublishVersion',
  'GetAlias',
  'CreateAlias',
  'UpdateAlias',
  'ListTriggers',
  'CreateTrigger',
  'UpdateTrigger',
] as const;
export type Action = (typeof ACTIONS)[number];

/** Sends one request and gives its answer, in the SDK's own types. @throws ScfError */
export type Call = <A extends Action>(
  action: A,
  input: Parameters<Client[A]>[0],
) => Promise<Awaited<ReturnType<Client[A]>>>;

/** Time as a deployment sees it. */
export interface Waiting {
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

const ATTEMPTS = 4;
const PAUSE_MS = 3000;
/** Uploading a package may take its time. */
const REQUEST_TIMEOUT_MS = 120_000;

/**
 * SCF's API through the official SDK. What only reads, and what SCF turned away because it is busy,
 * is tried up to four times; a change whose answer was lost is not: the next run sees whether it was made.
 *
 * @throws CommandError 77 without credentials; SettingError where SCF_ENDPOINT is wrong
 */
export function connect(region: string, env: Environment, { sleep }: Pick<Waiting, 'sleep'>): Call {
  const credential = credentialsOf(env);
  const endpoint = endpointOf(env);
  const shared = createConnections(endpoint);
  const attempt = async (action: Action, input: object): Promise<object> => {
    const signal = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
    const agent = new ObservedAgent(shared, signal, () => true);
    const httpProfile = {
      endpoint: endpoint.name,
      protocol: `${endpoint.protocol}//`,
      agent,
      reqTimeout: 0,
    };
    const client = new Client({ credential, region, profile: { httpProfile } });
    try {
      return Object(await client.request(action, input, { signal }));
    } catch (error) {
      throw new ScfError(action, classify(error, agent.observation, signal));
    }
  };
  const call = async (action: Action, input: object): Promise<object> => {
    for (let attempts = 1; ; attempts += 1) {
      try {
        return await attempt(action, input);
      } catch (error) {
        if (attempts === ATTEMPTS || !isWorthAnother(action, error)) throw error;
        await sleep(PAUSE_MS);
      }
    }
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the SDK types answers by action, unchecked
  return call as Call;
}

function isWorthAnother(action: Action, error: unknown): boolean {
  if (!(error instanceof ScfError)) return false;
  if (error.code !== undefined && adviceFor(error.code).again) return true;
  return (
    /^(Get|List)/.test(action) &&
    (error.code === undefined || error.code.startsWith('InternalError'))
  );
}

/** Whose user deploys. @throws CommandError 77 */
export function credentialsOf(env: Environment): CloudCredentials {
  const credential = readCredentials(env);
  if (!credential) throw new CommandError(EXIT.permission, NO_CREDENTIALS);
  if (/^[\x21-\x7e]+$/.test(credential.secretId + (credential.token ?? ''))) return credential;
  const message = 'The cloud credentials of this shell have characters that no credentials have.';
  throw new CommandError(EXIT.permission, message);
}

function endpointOf(env: Environment): DlcEndpoint {
  return parseEndpoint(env['SCF_ENDPOINT'] || 'https://scf.tencentcloudapi.com', 'scf');
}

/** What is wrong with SCF_ENDPOINT, if anything. */
export function endpointReasons(env: Environment): string[] {
  try {
    endpointOf(env);
    return [];
  } catch (error) {
    if (!(error instanceof SettingError)) throw error;
    return [`SCF_ENDPOINT: ${error.message}`];
  }
}

const NO_CREDENTIALS = `There are no cloud credentials in this shell. Set TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY
(for temporary ones TENCENTCLOUD_SESSION_TOKEN too) to those of a user with the policy of
deploy/cam-deployer-policy.json. npm run deploy -- --dry-run needs none.`;
