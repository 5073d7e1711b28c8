import { createHash } from 'node:crypto';

/** An entry of `API_KEYS`. */
export function keyEntry(key: string, members: object = {}): object {
  const sha256 = createHash('sha256').update(key).digest('hex');
  return { id: 'k', sha256, scopes: ['tasks:cancel', 'tasks:read'], ...members };
}
