import type { Violation } from '../problems.ts';

/** Why a verified delivery is refused: what makes a Problem, which only `function.js` itself has. */
export type Refusal =
  | { readonly code: 'invalid-request'; readonly violation: Violation; readonly reason?: string }
  | {
      readonly code: 'unsupported-media-type' | 'task-not-permitted';
      readonly detail: string;
      readonly reason?: string;
    };

export class Unreadable extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.code);
    this.refusal = refusal;
  }
}

/** @param name of the part of the body; empty: the body itself */
export function invalidBody(message: string, name = '', reason?: string): Unreadable {
  const violation = { in: 'body', name, message } as const;
  return new Unreadable({ code: 'invalid-request', violation, ...(reason && { reason }) });
}
