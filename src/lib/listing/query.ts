import { mayStillChange, TASK_STATES, type TaskState } from '../dlc/describe-task.ts';
import { NO_PARAMETER, readQuery, regionRule, type Query, type Regions } from '../tasks.ts';

/** The query of `GET /tasks`, and its cursor. */

export interface ListQuery {
  readonly region: string;
  /** Absent: all. */
  readonly states?: ReadonlySet<TaskState> | undefined;
  /** Name or id. */
  readonly engine?: string | undefined;
  readonly limit: number;
  readonly from: Position;
}

/** Where a page begins, in DLC's list. */
export interface Position {
  /** How many tasks come before. */
  readonly offset: number;
  /** The last of them, and how long the whole list was: it may have changed when the page is read. */
  readonly after?: string | undefined;
  readonly total?: number | undefined;
}

export const DEFAULT_LIMIT = 50;
const LIMIT = /^([1-9][0-9]?|100)$/;
export const ENGINE = /^[^\p{Cc}]{1,128}$/u;
/** Stands for the states that are not final. */
export const ACTIVE = 'active';

/** What is wrong with a parameter; `undefined` if nothing is. */
function wrongWith(name: string, value: string, regions: Regions): string | undefined {
  switch (name) {
    case 'region':
      return regionRule(value, regions);
    case 'state':
      return statesIn(value) ? undefined : `must be states, such as ${ACTIVE} or failed,cancelled`;
    case 'engine':
      return ENGINE.test(value) ? undefined : 'must be the name or the id of an engine';
    case 'limit':
      return LIMIT.test(value) ? undefined : 'must be a number from 1 to 100';
    case 'cursor':
      return toPosition(value) ? undefined : 'must be a nextCursor of an earlier response';
    default:
      return NO_PARAMETER;
  }
}

/** @throws Problem `invalid-request` with all violations */
export function parseListQuery(query: Query, regions: Regions): ListQuery {
  const values = readQuery(query, (name, value) => wrongWith(name, value, regions));
  return {
    region: values.get('region') ?? regions.defaultRegion,
    states: statesIn(values.get('state') ?? ''),
    engine: values.get('engine'),
    limit: Number(values.get('limit') ?? DEFAULT_LIMIT),
    from: toPosition(values.get('cursor') ?? '') ?? { offset: 0 },
  };
}

function statesIn(value: string): ReadonlySet<TaskState> | undefined {
  const named = value
    .split(',')
    .map((name) =>
      TASK_STATES.filter((state) => (name === ACTIVE ? mayStillChange(state) : state === name)),
    );
  return named.some(({ length }) => length === 0) ? undefined : new Set(named.flat());
}

/** Callers hand it back as it is. It gives no permission: those are checked for each page. */
export function toCursor({ offset, total = 0, after = '' }: Position): string {
  return Buffer.from(`${offset}.${total}.${after}`).toString('base64url');
}

function toPosition(cursor: string): Position | undefined {
  const text = Buffer.from(cursor, 'base64url').toString('latin1');
  const [, offset, total, after = ''] = /^(\d{1,9})\.(\d{1,9})\.([\w-]{0,128})$/.exec(text) ?? [];
  if (offset === undefined) return undefined;
  const position = { offset: Number(offset), total: Number(total), ...(after !== '' && { after }) };
  // A task that comes before the page cannot come before the list.
  if (position.offset === 0 && after !== '') return undefined;
  return toCursor(position) === cursor ? position : undefined;
}
