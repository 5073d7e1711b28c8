import type { ProblemCode } from '../../src/lib/problems.ts';
import { EXAMPLES, type ExampleName } from './examples.ts';
import type { Presences } from './headers.ts';
import type { ParameterName } from './parameters.ts';

/** In words: what each operation does and what it succeeds with. What can be derived is in `paths.ts`. */

export interface Success {
  readonly description: string;
  /** By media type: the components of which the body is one. */
  readonly content: Readonly<Record<string, readonly string[]>>;
  readonly examples: readonly ExampleName[];
  /** Beside those that every answer of the route has. */
  readonly headers?: Presences;
}

export interface OperationWords {
  readonly operationId: string;
  readonly tag: TagName;
  readonly summary: string;
  readonly description: string;
  readonly parameters: readonly ParameterName[];
  /** Components of which the request's body is one. */
  readonly body?: {
    readonly schemas: readonly string[];
    readonly examples: readonly ExampleName[];
  };
  readonly successes: Readonly<Record<number, Success>>;
  /** Problems that neither DLC nor the steps before the handler can be the cause of. */
  readonly problems?: readonly ProblemCode[];
  /** What the answer depends on is said in `Vary`. */
  readonly negotiates?: true;
}

export const TAGS = {
  Tasks: 'Cancelling a task and asking for its state: for frontends and internal services.',
  Webhooks: 'Cancelling a task by a signed webhook. The gateway receives webhooks; it sends none.',
  Service: 'About the gateway itself, open to anybody.',
} as const;
type TagName = keyof typeof TAGS;

const JSON_TYPE = 'application/json';
const QUOTA = { RateLimit: 'always', 'RateLimit-Policy': 'always' } as const;
const REQUESTED = 'DLC has taken the cancellation, which takes effect soon.';

export const OPERATIONS: Readonly<Record<string, OperationWords>> = {
  'DELETE /tasks/{taskId}': {
    operationId: 'cancelTask',
    tag: 'Tasks',
    summary: 'Cancel a task',
    description:
      'Asks DLC to cancel the task. Cancelling twice does no harm. An error without `outcomeUnknown` means that this request did not cancel it.',
    parameters: ['TaskId', 'Region', 'Prefer', 'RequestId'],
    successes: {
      200: {
        description: 'The task is cancelled: by this request, or before it.',
        content: { [JSON_TYPE]: ['Cancelled'] },
        examples: ['alreadyCancelled', 'cancelled'],
        headers: { ...QUOTA, 'X-Tc-Request-Id': 'at times', 'Preference-Applied': 'at times' },
      },
      202: {
        description: REQUESTED,
        content: { [JSON_TYPE]: ['CancellationRequested'] },
        examples: ['requested', 'requestedUnconfirmed'],
        headers: {
          ...QUOTA,
          'Retry-After': 'always',
          'X-Tc-Request-Id': 'at times',
          'Preference-Applied': 'at times',
        },
      },
    },
  },
  'GET /tasks/{taskId}': {
    operationId: 'getTask',
    tag: 'Tasks',
    summary: 'Ask for the state of a task',
    description: "The task's state now: what is polled after a 202.",
    parameters: ['TaskId', 'Region', 'RequestId'],
    successes: {
      200: {
        description: 'The state. Retry-After is there where it may still change.',
        content: { [JSON_TYPE]: ['Task'] },
        examples: ['running', 'succeeded'],
        headers: { ...QUOTA, 'Retry-After': 'at times', 'X-Tc-Request-Id': 'always' },
      },
    },
    problems: ['method-not-allowed'],
  },
  'POST /webhooks/cancel-task': {
    operationId: 'receiveCancelTaskWebhook',
    tag: 'Webhooks',
    summary: 'Cancel the task that a signed webhook names',
    description:
      'The same cancellation. Senders repeat whatever is not a 2xx: what no repetition would change is acknowledged with a 200 and its `outcome`; what may yet succeed never is.',
    parameters: ['WebhookId', 'WebhookTimestamp', 'RequestId'],
    body: {
      schemas: ['CancelTaskEvent', 'OtherEvent'],
      examples: ['cancelTaskEvent', 'otherEvent'],
    },
    successes: {
      200: {
        description: 'The task is cancelled, or the webhook needs no repetition.',
        content: { [JSON_TYPE]: ['Cancelled', 'Acknowledged', 'Ignored'] },
        examples: ['alreadyCancelled', 'acknowledged', 'ignored'],
        headers: {
          RateLimit: 'at times',
          'RateLimit-Policy': 'at times',
          'X-Tc-Request-Id': 'at times',
        },
      },
      202: {
        description: REQUESTED,
        content: { [JSON_TYPE]: ['CancellationRequested'] },
        examples: ['requested', 'requestedUnconfirmed'],
        headers: { ...QUOTA, 'Retry-After': 'always', 'X-Tc-Request-Id': 'at times' },
      },
    },
    problems: ['unsupported-media-type'],
  },
  'GET /openapi.json': {
    operationId: 'getOpenApi',
    tag: 'Service',
    summary: 'Get this document',
    description: 'The OpenAPI document of the gateway.',
    parameters: ['RequestId'],
    successes: {
      200: {
        description: 'The document.',
        content: { [JSON_TYPE]: ['ApiDocument'] },
        examples: ['document'],
      },
    },
    problems: ['route-not-found'],
  },
  'GET /problems/{code}': {
    operationId: 'getProblem',
    tag: 'Service',
    summary: 'Look up what a problem means',
    description: "Where a problem's `type` leads to: what it means and what to do about it.",
    parameters: ['ProblemCode', 'RequestId'],
    successes: {
      200: {
        description: 'JSON, or a page where `Accept` prefers HTML.',
        content: { [JSON_TYPE]: ['ProblemPage'], 'text/html': ['ProblemHtml'] },
        examples: ['problemPage', 'problemHtml'],
      },
    },
    problems: ['route-not-found'],
    negotiates: true,
  },
  'GET /healthz': {
    operationId: 'getHealth',
    tag: 'Service',
    summary: 'Ask whether the process can serve',
    description: 'For probes: 200 as long as the process can serve. DLC is never asked.',
    parameters: ['RequestId'],
    successes: {
      200: {
        description: 'It can.',
        content: { [JSON_TYPE]: ['Health'] },
        examples: ['health'],
      },
    },
  },
};

/** The examples of a media type: page examples are texts, all others are JSON. */
export function examplesFor(type: string, names: readonly ExampleName[]): ExampleName[] {
  const isText = type === 'text/html';
  return names.filter((name) => (typeof EXAMPLES[name].value === 'string') === isText);
}
