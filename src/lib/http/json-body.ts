import type * as z from 'zod/mini';

import { Problem } from '../problems.ts';
import { invalid } from '../tasks.ts';
import { toSentences } from '../validation.ts';

/** @throws Problem `unsupported-media-type` */
export function requireJson(contentType: string | undefined): void {
  if (!/^application\/json[\t ]*(;|$)/i.test(contentType ?? '')) {
    throw new Problem('unsupported-media-type');
  }
}

/**
 * Reads a JSON body.
 *
 * @throws Problem `unsupported-media-type`, `invalid-request`
 */
export function parseJsonBody(contentType: string | undefined, body: Buffer): unknown {
  requireJson(contentType);
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    throw invalid([{ in: 'body', name: '', message: 'must be JSON in UTF-8' }]);
  }
}

/** Checks what a body holds against a schema. @throws Problem `invalid-request` */
export function fittingBody<S extends z.ZodMiniType>(schema: S, value: unknown): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const sentences = toSentences(parsed.error.issues);
  throw invalid(sentences.map(({ at, message }) => ({ in: 'body', name: at, message })));
}
