import type { FaultRequest } from '../../emulator/faults.ts';

/** The cells of the fault matrix, generated: each is one request to the gateway, under one disturbance. */

export const STATES = ['running', 'succeeded', 'failed', 'cancelled', 'absent'] as const;
export type State = (typeof STATES)[number];

/** A fault before it is aimed at an action and a task. */
type FaultSpec = FaultRequest extends infer F
  ? F extends FaultRequest
    ? Omit<F, 'action' | 'times' | 'taskId' | 'accept'>
    : never
  : never;

export interface Cell {
  readonly name: string;
  readonly group: 'CancelTask' | 'DescribeTasks' | 'then' | 'refuse';
  readonly method: 'DELETE' | 'GET';
  readonly state: State;
  readonly lookup: boolean;
  readonly prefer?: boolean;
  /** In the order in which they meet the requests. */
  readonly faults: readonly FaultRequest[];
}

/** "No" is what these say, and DLC is trusted there: that it did it all the same is no cell. */
const REFUSALS = [
  'RequestLimitExceeded',
  'FailedOperation.AnotherRequestProcessing',
  'AuthFailure.TokenFailure',
  'ResourceUnavailable',
].map((code) => ({ kind: 'code', code }) as const satisfies FaultSpec);
const TOO_MANY = { kind: 'status', status: 429 } as const satisfies FaultSpec;

/** Whether DLC says by this fault that it has not done what it was asked for. */
export const isRefusal = (fault: FaultRequest): boolean =>
  fault.kind === 'code'
    ? [...REFUSALS.map(({ code }) => code), ...WORDS].some((code) => code === fault.code)
    : fault.kind === 'refuse' || (fault.kind === 'status' && fault.status === TOO_MANY.status);

const HANGING: ReadonlySet<FaultRequest['kind']> = new Set(['hang', 'hang-body', 'drip', 'delay']);
/** Whether a timeout may be all that ends an attempt. */
export const canHang = ({ faults }: Cell): boolean => faults.some(({ kind }) => HANGING.has(kind));

/** After these nobody can know whether the cancellation took effect. */
const UNCERTAIN: readonly FaultSpec[] = [
  ...[
    'InternalError',
    'FailedOperation',
    'FailedOperation.HttpClientDoRequestFailed',
    'Brand.New',
  ].map((code) => ({ kind: 'code', code }) as const),
  ...[400, 403, 404, 500, 502, 503, 504].map((status) => ({ kind: 'status', status }) as const),
  { kind: 'delay', ms: 20 },
  { kind: 'delay', ms: 400 },
  { kind: 'reset-before' },
  { kind: 'reset-after' },
  { kind: 'hang' },
  { kind: 'hang-body' },
  { kind: 'drip' },
  { kind: 'truncate' },
  { kind: 'truncate-chunk' },
  { kind: 'empty' },
  { kind: 'html' },
  { kind: 'body', body: {} },
  { kind: 'body', body: { Response: 'x' } },
  { kind: 'body', body: { Response: { RequestId: 7 } } },
  { kind: 'body', body: { Response: { Error: { Message: 'at 10.1.2.3' }, RequestId: 'r' } } },
  { kind: 'huge' },
  { kind: 'redirect', location: 'http://127.0.0.1:9/' },
];
const ALL = [...UNCERTAIN, ...REFUSALS, TOO_MANY];

const TIMES = [1, 2, 'always'] as const;
const BOTH = [true, false] as const;

/** Every combination of the values of each list. */
function product<A, B, C>(a: readonly A[], b: readonly B[], c: readonly C[]): [A, B, C][] {
  return a.flatMap((x) => b.flatMap((y) => c.map((z): [A, B, C] => [x, y, z])));
}

function aim(
  spec: FaultSpec,
  action: FaultRequest['action'],
  times: 1 | 2 | 'always',
  accept: boolean,
): FaultRequest {
  return { ...spec, action, times, accept };
}

function named(cell: Omit<Cell, 'name'>): Cell {
  const { method, state, lookup, prefer, faults } = cell;
  const parts = [method, state, lookup ? 'lookup on' : 'lookup off', prefer && 'wait'];
  return { ...cell, name: `${parts.filter(Boolean).join(', ')}: ${JSON.stringify(faults)}` };
}

/** Each fault at CancelTask, before and after the effect. */
function ofCancelTask(): Cell[] {
  const aimed = [
    ...product(UNCERTAIN, TIMES, BOTH),
    ...product([...REFUSALS, TOO_MANY], TIMES, [false]),
  ];
  const faults = aimed.map(([spec, times, accept]) => aim(spec, 'CancelTask', times, accept));
  return product(faults, STATES, BOTH).map(([fault, state, lookup]) =>
    named({ group: 'CancelTask', method: 'DELETE', state, lookup, faults: [fault] }),
  );
}

/** Each fault at DescribeTasks, where the gateway asks it: whatever made it ask. */
function ofDescribeTasks(): Cell[] {
  const faults = product(ALL, TIMES, [false]).map(([spec, times]) =>
    aim(spec, 'DescribeTasks', times, false),
  );
  const reasons = [
    { method: 'DELETE', faults: [] },
    { method: 'DELETE', faults: [aim({ kind: 'reset-before' }, 'CancelTask', 1, false)] },
    { method: 'DELETE', faults: [aim({ kind: 'reset-after' }, 'CancelTask', 1, false)] },
    { method: 'DELETE', faults: [aim({ kind: 'reset-before' }, 'CancelTask', 'always', false)] },
    { method: 'DELETE', faults: [aim({ kind: 'reset-after' }, 'CancelTask', 'always', false)] },
    { method: 'DELETE', faults: [], prefer: true },
    { method: 'GET', faults: [] },
  ] as const;
  return product(faults, STATES, reasons).flatMap(([fault, state, reason]) => {
    const faultsOfBoth = [...reason.faults, fault];
    const cell = { ...reason, group: 'DescribeTasks', state, faults: faultsOfBoth } as const;
    // Without lookups, only what asks for one in vain is worth a cell.
    const switches = reason.faults.length > 0 ? BOTH : [true];
    return switches.map((lookup) => named(Object.assign({ lookup }, cell)));
  });
}

const WORDS = [
  'InvalidParameter.InvalidTaskId',
  'ResourceNotFound',
  'ResourceNotFound.TaskAlreadyFailed',
  'InvalidParameter.TaskAlreadyFinished',
  'FailedOperation.AnotherRequestProcessing',
  'UnauthorizedOperation',
  'InvalidParameter',
  'MissingParameter',
  'RequestLimitExceeded',
  'LimitExceeded',
  'ResourceInUse',
  'UnsupportedOperation',
  'ServiceUnavailable',
];

/** An attempt that is lost, and then a definite word: none of them may settle what the first has left. */
function thenRefused(): Cell[] {
  const lost = [
    aim({ kind: 'reset-before' }, 'CancelTask', 1, false),
    aim({ kind: 'reset-after' }, 'CancelTask', 1, false),
    aim({ kind: 'hang' }, 'CancelTask', 1, true),
    aim({ kind: 'status', status: 500 }, 'CancelTask', 1, false),
    aim({ kind: 'status', status: 502 }, 'CancelTask', 1, true),
    aim({ kind: 'truncate' }, 'CancelTask', 1, true),
  ];
  const words: FaultSpec[] = [...WORDS.map((code) => ({ kind: 'code', code }) as const), TOO_MANY];
  const then = product(words, [1, 'always'] as const, [false]).map(([spec, times]) =>
    aim(spec, 'CancelTask', times, false),
  );
  return product(lost, then, STATES).flatMap(([first, second, state]) =>
    BOTH.map((lookup) =>
      named({ group: 'then', method: 'DELETE', state, lookup, faults: [first, second] }),
    ),
  );
}

/** Nothing listens: for all requests alike, so these cells run one after another. */
export function refusedCells(): Cell[] {
  return product(STATES, BOTH, [1, 'always'] as const).map(([state, lookup, times]) => {
    const faults = [{ action: 'CancelTask', kind: 'refuse', times } as const];
    return named({ group: 'refuse', method: 'DELETE', state, lookup, faults });
  });
}

export function faultCells(): Cell[] {
  return [...ofCancelTask(), ...ofDescribeTasks(), ...thenRefused()];
}
