import {
  constants,
  createHmac,
  generateKeyPairSync,
  sign,
  type KeyObject,
  type SignKeyObjectInput,
} from 'node:crypto';

import type { Clock } from '../../src/lib/clock.ts';

/** Tokens made with node:crypto alone, so that no test asks jose about jose. */

/** A moment in 2027, in milliseconds, at which the tests' clocks stand. */
const NOW = 1_800_000_000_000;
export const NOW_SECONDS = NOW / 1000;

export interface TestKey {
  readonly alg: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** The public half as a member of a JWK Set. */
  readonly jwk: Readonly<Record<string, unknown>>;
}

const CURVES = new Map([
  ['ES256', 'P-256'],
  ['ES384', 'P-384'],
  ['ES512', 'P-521'],
]);

/** A new key pair for an algorithm; `jwk` has the `kid`, `alg` and `use`. */
export function createKey(alg: string, kid: string): TestKey {
  const { privateKey, publicKey } = pairFor(alg);
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' };
  return { alg, privateKey, publicKey, jwk };
}

function pairFor(alg: string): { privateKey: KeyObject; publicKey: KeyObject } {
  const namedCurve = CURVES.get(alg);
  if (namedCurve) return generateKeyPairSync('ec', { namedCurve });
  if (/^[RP]S/.test(alg)) return generateKeyPairSync('rsa', { modulusLength: 2048 });
  return generateKeyPairSync('ed25519');
}

export function base64url(value: string | Uint8Array): string {
  return Buffer.from(value).toString('base64url');
}

/** The claims of a token that is good at `NOW`; what is given replaces them, `undefined` removes one. */
export function claims(changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    iss: 'https://id.example',
    aud: 'gateway',
    sub: 'alice',
    scope: 'tasks:cancel',
    iat: NOW_SECONDS - 60,
    exp: NOW_SECONDS + 300,
    ...changes,
  };
}

export type Signer = (input: string) => Uint8Array;

/** A compact JWS of what is given: objects as JSON, strings as they are. */
export function serialize(header: object | string, payload: unknown, signer: Signer): string {
  const input = `${encode(header)}.${encode(payload)}`;
  return `${input}.${base64url(signer(input))}`;
}

function encode(part: unknown): string {
  return base64url(typeof part === 'string' ? part : JSON.stringify(part));
}

export function hmac(secret: string | Uint8Array): Signer {
  return (input) => createHmac('sha256', secret).update(input).digest();
}

/** Signs as RFC 7518 sections 3.3 to 3.5 and RFC 8037 have it. */
export function signerOf({ alg, privateKey }: Pick<TestKey, 'alg' | 'privateKey'>): Signer {
  const options: SignKeyObjectInput = { key: privateKey, dsaEncoding: 'ieee-p1363' };
  if (alg.startsWith('PS')) {
    options.padding = constants.RSA_PKCS1_PSS_PADDING;
    options.saltLength = constants.RSA_PSS_SALTLEN_DIGEST;
  }
  const digest = alg.startsWith('Ed') ? null : `sha${alg.slice(2)}`;
  return (input) => sign(digest, Buffer.from(input), options);
}

/** A token signed with the key, its header naming algorithm and `kid`; `header` changes that. */
export function token(
  key: TestKey,
  changes: Readonly<Record<string, unknown>> = {},
  header: Readonly<Record<string, unknown>> = {},
): string {
  return serialize(
    { alg: key.alg, kid: key.jwk['kid'], typ: 'JWT', ...header },
    claims(changes),
    signerOf(key),
  );
}

export interface ManualClock extends Clock {
  /** Moves time on; whatever sleeps that long wakes up. */
  advance(ms: number): void;
}

/** A clock that moves only by hand, so that no test waits or depends on the machine's speed. */
export function manualClock(start = NOW): ManualClock {
  let now = start;
  const sleepers = new Set<{ until: number; wake: () => void }>();
  return {
    now: () => now,
    steadyMs: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const sleeper = { until: now + ms, wake: resolve };
        sleepers.add(sleeper);
        signal.addEventListener('abort', () => {
          sleepers.delete(sleeper);
          reject(signal.reason);
        });
      }),
    advance(ms) {
      now += ms;
      for (const sleeper of sleepers) {
        if (sleeper.until > now) continue;
        sleepers.delete(sleeper);
        sleeper.wake();
      }
    },
  };
}
