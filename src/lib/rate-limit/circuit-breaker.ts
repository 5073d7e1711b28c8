/** A failed key is tried again after so many milliseconds, by one call. */
export const RETRY_MS = 1000;

/** Keys that are remembered at once, at the most. */
const MOST_REMEMBERED = 10_000;

/**
 * A circuit breaker for each key: one key's failure closes no other key off, and a key works again only
 * after a call for the same key has succeeded.
 *
 * @template F what is known of a failure
 */
export class CircuitBreaker<F> {
  readonly #open = new Map<string, { readonly failure: F; retryAt: number }>();

  isOpen(key: string): boolean {
    return this.#open.has(key);
  }

  /** Whether the key may be used; if it failed, one caller in `RETRY_MS` may try. */
  mayCall(key: string, now: number): boolean {
    const failed = this.#open.get(key);
    if (!failed) return true;
    if (now < failed.retryAt) return false;
    failed.retryAt = now + RETRY_MS;
    return true;
  }

  failed(key: string, failure: F, retryAt: number): void {
    this.#open.delete(key);
    this.#open.set(key, { failure, retryAt });
    const [oldest] = this.#open.keys();
    if (this.#open.size > MOST_REMEMBERED && oldest !== undefined) this.#open.delete(oldest);
  }

  succeeded(key: string): void {
    this.#open.delete(key);
  }

  failureOf(key: string): F | undefined {
    return this.#open.get(key)?.failure;
  }

  /** The latest last. */
  get failures(): F[] {
    return [...this.#open.values()].map(({ failure }) => failure);
  }
}
