import { authenticate } from './authenticate.ts';
import type { Cloud } from './cloud.ts';
import { ApiError } from './envelope.ts';
import { actionNames } from './faults.ts';
import type { ActionName } from './faults.ts';
import { isObject, readParams } from './params.ts';
import type { Params } from './params.ts';
import { isRegion } from './regions.ts';
import { headerValues } from './signature.ts';
import type { SignedRequest } from './signature.ts';

const version = '2021-01-25';

/** A request that has passed all checks before its action. */
export interface Call {
  action: ActionName;
  region: string;
  /** Called later, since an injected fault applies before the parameters are checked. */
  params: () => Params;
}

/**
 * Checks a request before any action: signature, action, version, region, rate.
 *
 * @throws ApiError with the first thing that is wrong
 */
export function admit(cloud: Cloud, request: SignedRequest): Call {
  if (request.method !== 'POST' && request.method !== 'GET') {
    throw new ApiError('UnsupportedProtocol');
  }
  const action = required(request, 'X-TC-Action');
  const requestVersion = required(request, 'X-TC-Version');
  authenticateAndCount(cloud, request);
  if (requestVersion !== version) throw new ApiError('NoSuchVersion');
  const known = actionNames.find((name) => name === action);
  if (known === undefined) throw new ApiError('InvalidAction');
  const region = required(request, 'X-TC-Region');
  if (!isRegion(region)) throw new ApiError('UnsupportedRegion');
  if (known === 'CancelTask' && !cloud.cancelRate.arrive(region, cloud.clock.steadyMs())) {
    throw new ApiError('RequestLimitExceeded');
  }
  return { action: known, region, params: () => readParams(request) };
}

/** What a request asks for, for the journal and the faults; missing or wrong parts are null or empty. */
export function askedFor(request: SignedRequest): {
  action: string | null;
  region: string | null;
  taskIds: string[];
} {
  return {
    action: header(request, 'X-TC-Action') ?? null,
    region: header(request, 'X-TC-Region') ?? null,
    taskIds: askedTaskIds(request),
  };
}

function askedTaskIds(request: SignedRequest): string[] {
  try {
    const { TaskId: taskId, Filters: filters } = readParams(request);
    const values = Array.isArray(filters) ? filters.flatMap(taskIdsOfFilter) : [];
    return [taskId, ...values].filter((value) => typeof value === 'string');
  } catch {
    return [];
  }
}

function taskIdsOfFilter(filter: unknown): unknown[] {
  if (!isObject(filter) || filter['Name'] !== 'task-id') return [];
  const { Values: values } = filter;
  return Array.isArray(values) ? values : [];
}

function authenticateAndCount(cloud: Cloud, request: SignedRequest): void {
  try {
    authenticate(request, cloud.credentials, cloud.clock.wallMs());
  } catch (error) {
    cloud.journal.badSignatures += 1;
    throw error;
  }
}

function required(request: SignedRequest, name: string): string {
  const value = header(request, name);
  if (value !== undefined) return value;
  throw new ApiError(
    'MissingParameter',
    `The request is missing a required parameter \`${name.replace('X-TC-', '')}\`.`,
  );
}

function header({ rawHeaders }: SignedRequest, name: string): string | undefined {
  const value = headerValues(rawHeaders, name.toLowerCase())[0]?.trim();
  return value === '' ? undefined : value;
}
