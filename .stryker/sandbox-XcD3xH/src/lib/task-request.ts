import * as z from 'zod/mini';

import { Problem, type Violation } from './problem.ts';

/** Which task a request names: the schemas of its path and query. */

/** DLC's ids are not always UUIDs: 31 and 32 hex digits and 17 to 20 decimal digits are documented too. */
export const taskIdSchema = z.string().check(z.regex(/^[A-Za-z0-9_-]{1,128}$/));
export const regionSchema = z.string().check(z.maxLength(64), z.regex(/^[a-z]{2,}(-[a-z0-9]+)+$/));

export interface Regions {
  readonly defaultRegion: string;
  readonly allowedRegions: ReadonlySet<string>;
}

export interface TaskRef {
  readonly taskId: string;
  readonly region: string;
}

/**
 * Reads the task that a path's segment and a query name. Anything in the query but one `region` is
 * refused, so that a typo never cancels in the wrong region.
 *
 * @param segment still percent-encoded; decoded exactly once
 * @throws Problem `invalid-request` with all violations
 */
export function parseTaskRequest(
  segment: string,
  query: readonly (readonly [string, string])[],
  regions: Regions,
): TaskRef {
  const taskId = taskIdSchema.safeParse(decodeOnce(segment));
  const violations: Violation[] = [];
  if (!taskId.success) violations.push({ in: 'path', name: 'taskId', message: ID_RULE });
  const named = query.filter(([name]) => name === 'region').map(([, value]) => value);
  if (named.length > 1) violations.push(inQuery('region', 'must not be repeated'));
  for (const [name, value] of query) {
    const message =
      name === 'region' ? regionRule(value, regions) : 'is not a parameter of this route';
    if (message !== undefined) violations.push(inQuery(name, message));
  }
  if (!taskId.success || violations.length > 0) throw invalid(violations);
  return { taskId: taskId.data, region: named[0] ?? regions.defaultRegion };
}

/** A query or a body of 16 KB can have thousands, and an answer is no place for all of them. */
export const MOST_VIOLATIONS = 16;

const ID_RULE = 'must be 1 to 128 letters, digits, "_" or "-"';

function inQuery(name: string, message: string): Violation {
  return { in: 'query', name: shown(name), message };
}

function regionRule(value: string, { allowedRegions }: Regions): string | undefined {
  if (!regionSchema.safeParse(value).success) return 'must be a region such as ap-guangzhou';
  return allowedRegions.has(value) ? undefined : 'is not a region that this gateway serves';
}

/** A name of the caller's own, as far as it is harmless to give back. */
function shown(name: string): string {
  return name.replace(/[^\w.-]/g, '?').slice(0, 64);
}

function decodeOnce(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

export function invalid(errors: readonly Violation[]): Problem {
  return new Problem('invalid-request', {
    detail: 'Some part of the request is not valid; "errors" says which.',
    errors: errors.slice(0, MOST_VIOLATIONS),
  });
}
