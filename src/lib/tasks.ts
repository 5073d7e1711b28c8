import * as z from 'zod/mini';

import { Problem, type Violation } from './problems.ts';

/** Which task a request names: the patterns of ids and regions, and what reads them from path and query. */

/** DLC's ids are not always UUIDs: 31 and 32 hex digits and 17 to 20 decimal digits are documented too. */
export const TASK_ID = /^[A-Za-z0-9_-]{1,128}$/;
export const REGION = /^(?=.{1,64}$)[a-z]{2,}(-[a-z0-9]+)+$/;

export const taskIdSchema = z.string().check(z.regex(TASK_ID));
export const regionSchema = z.string().check(z.regex(REGION));

export interface TaskRef {
  readonly taskId: string;
  readonly region: string;
}

export interface Regions {
  readonly defaultRegion: string;
  readonly allowedRegions: ReadonlySet<string>;
}

/** Decoded names and values, in the order of arrival. */
export type Query = readonly (readonly [name: string, value: string])[];

/**
 * Reads the task that a path's segment and a query name. The query may hold one `region` and nothing
 * else, so that a typo never cancels in the wrong region.
 *
 * @param segment still percent-encoded; decoded exactly once
 * @throws Problem `invalid-request` with all violations
 */
export function parseTaskRequest(segment: string, query: Query, regions: Regions): TaskRef {
  const taskId = decodeOnce(segment);
  const violations: Violation[] = TASK_ID.test(taskId) ? [] : [WRONG_ID];
  const wrongWith = (name: string, value: string): string | undefined =>
    name === 'region' ? regionRule(value, regions) : NO_PARAMETER;
  const values = readQuery(query, wrongWith, violations);
  return { taskId, region: values.get('region') ?? regions.defaultRegion };
}

export const ID_RULE = 'must be 1 to 128 letters, digits, "_" or "-"';
const WRONG_ID: Violation = { in: 'path', name: 'taskId', message: ID_RULE };
export const NO_PARAMETER = 'is not a parameter of this route';

/**
 * Reads a query, in which each parameter stands once.
 *
 * @param wrongWith says what is wrong with a parameter
 * @param violations what is wrong with other parts of the request
 * @throws Problem `invalid-request` with all violations
 */
export function readQuery(
  query: Query,
  wrongWith: (name: string, value: string) => string | undefined,
  violations: readonly Violation[] = [],
): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  const all = [...violations];
  const repeated = new Set<string>();
  const add = (name: string, message: string | undefined): void => {
    if (message !== undefined) all.push({ in: 'query', name: shown(name), message });
  };
  for (const [name, value] of query) {
    if (values.has(name)) repeated.add(name);
    else add(name, wrongWith(name, value));
    values.set(name, value);
  }
  for (const name of repeated) add(name, 'must not be repeated');
  if (all.length > 0) throw invalid(all);
  return values;
}

/** What is wrong with a region that a caller names; `undefined` if nothing is. */
export function regionRule(value: string, { allowedRegions }: Regions): string | undefined {
  if (!REGION.test(value)) return 'must be a region such as ap-guangzhou';
  return allowedRegions.has(value) ? undefined : 'is not a region that this gateway serves';
}

/** A name that the caller chose, as far as it is harmless to give back. */
function shown(name: string): string {
  return name.replace(/[^\w.-]/g, '?').slice(0, 64);
}

function decodeOnce(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return '';
  }
}

/** A query or a body of 16 KB can have thousands, and a response is no place for all of them. */
export const MOST_VIOLATIONS = 16;

/** The problem of a request that is not valid. If one thing is wrong, its detail says it. */
export function invalid(errors: readonly Violation[]): Problem {
  const [first] = errors;
  const detail =
    errors.length === 1 && first
      ? `The ${KIND[first.in]}${first.name && ` "${first.name}"`} ${first.message}.`
      : 'Some parts of the request are not valid; "errors" lists them.';
  return new Problem('invalid-request', { detail, errors: errors.slice(0, MOST_VIOLATIONS) });
}

const KIND = {
  path: 'path parameter',
  query: 'query parameter',
  header: 'header field',
  body: 'body',
} as const satisfies Record<Violation['in'], string>;
