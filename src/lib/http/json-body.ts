import { Problem } from '../problems.ts';
import { invalid } from '../tasks.ts';

/**
 * Reads a JSON body.
 *
 * @throws Problem `unsupported-media-type`, `invalid-request`
 */
export function parseJsonBody(contentType: string | undefined, body: Buffer): unknown {
  if (!/^application\/json[\t ]*(;|$)/i.test(contentType ?? '')) {
    throw new Problem('unsupported-media-type');
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    throw invalid([{ in: 'body', name: '', message: 'must be JSON in UTF-8' }]);
  }
}
