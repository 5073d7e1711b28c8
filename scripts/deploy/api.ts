import type { ClientConfig } from 'tencentcloud-sdk-nodejs/tencentcloud/common/interface.js';

import { readCredentials, type CloudCredentials } from '../../src/lib/dlc/client.ts';
import { ObservedAgent, createConnections } from '../../src/lib/dlc/connections.ts';
import { parseEndpoint, type DlcEndpoint } from '../../src/lib/dlc/endpoint.ts';
import { classify } from '../../src/lib/dlc/failure.ts';
import type { Environment } from '../../src/lib/config/secret-reference.ts';
import { SettingError } from '../../src/lib/config/setting-error.ts';
import { CommandError } from '../cli/command-line.ts';
import { commandLine } from '../cli/command.ts';
import { EXIT } from '../cli/exit-codes.ts';
import { adviceFor, ApiError, type Service } from './api-errors.ts';

/** APIs of the cloud through the official SDK. */

/** Time as a deployment sees it. */
export interface Waiting {
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

/** The SDK's client of a service. */
type Client = new (config: ClientConfig) => {
  request(action: string, input: object, options: { signal: AbortSignal }): Promise<unknown>;
};

export interface Connection {
  readonly region: string;
  readonly env: Environment;
  readonly waiting: Pick<Waiting, 'sleep'>;
}

const ATTEMPTS = 4;
const PAUSE_MS = 3000;
/** Uploading a package may take its time. */
const REQUEST_TIMEOUT_MS = 120_000;

/**
 * A service's API. What only reads, and what the service turned away because it is busy, is tried up to
 * four times; a change whose answer was lost is not: the next run sees whether it was made.
 *
 * @returns sends one request and gives its answer; rejects with `ApiError`
 * @throws CommandError 77 without credentials; SettingError where the endpoint's variable is wrong
 */
export function connectTo(
  service: Service,
  Client: Client,
  { region, env, waiting }: Connection,
): (action: string, input: object) => Promise<object> {
  const credential = credentialsOf(env);
  const endpoint = endpointOf(service, env);
  const shared = createConnections(endpoint);
  const attempt = async (action: string, input: object): Promise<object> => {
    const signal = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
    await shared.dropDead();
    const agent = new ObservedAgent(shared, { signal });
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
      throw new ApiError(service, action, classify(error, agent));
    }
  };
  return async (action, input) => {
    for (let attempts = 1; ; attempts += 1) {
      try {
        return await attempt(action, input);
      } catch (error) {
        if (attempts === ATTEMPTS || !isWorthAnother(action, error)) throw error;
        await waiting.sleep(PAUSE_MS);
      }
    }
  };
}

function isWorthAnother(action: string, error: unknown): boolean {
  if (!(error instanceof ApiError)) return false;
  if (error.code !== undefined && adviceFor(error.service, error.code).again) return true;
  return (
    /^(Get|List|Describe)/.test(action) &&
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

function endpointOf(service: Service, env: Environment): DlcEndpoint {
  return parseEndpoint(
    env[VARIABLES[service]] || `https://${service}.tencentcloudapi.com`,
    service,
  );
}

const VARIABLES = { scf: 'SCF_ENDPOINT', cls: 'CLS_ENDPOINT' } as const;

/** What is wrong with SCF_ENDPOINT and CLS_ENDPOINT, if anything. */
export function endpointReasons(env: Environment): string[] {
  return (['scf', 'cls'] as const).flatMap((service) => {
    try {
      endpointOf(service, env);
      return [];
    } catch (error) {
      if (!(error instanceof SettingError)) throw error;
      return [`${VARIABLES[service]}: ${error.message}`];
    }
  });
}

const NO_CREDENTIALS = `There are no cloud credentials in this shell. Set TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY
(for temporary ones TENCENTCLOUD_SESSION_TOKEN too) to those of a user with the policy of
deploy/cam-deployer-policy.json. ${commandLine('deploy', '--dry-run')} needs none.`;
