import type { KeyObject } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { createJwks, JwksUnavailable, type FindKeys } from '../../../src/lib/auth/jwks.ts';
import {
  reply,
  answerKeys,
  dropConnection,
  hangInBody,
  hold,
  startJwksServer,
  type JwksServer,
} from '../../support/jwks-server.ts';
import { createKey, manualClock, type ManualClock } from '../../support/jwt.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const never = new AbortController().signal;
const old = createKey('ES256', 'old');
const next = createKey('ES256', 'next');

let server: JwksServer;
let clock: ManualClock;
let findKeys: FindKeys;
let lines: unknown[];

beforeEach(async () => {
  server = await startJwksServer(answerKeys(old));
  clock = manualClock();
  lines = [];
  findKeys = createJwks(server, 'corp', {
    clock,
    log: { write: (...line) => lines.push(line) },
  });
});
afterEach(async () => {
  // No connection outlives the fetch that needed it.
  await server.idle();
  await server.stop();
});

/** How many keys match this `kid`. */
async function find(kid: string | undefined, signal = never): Promise<number> {
  return (await findKeys({ alg: 'ES256', kid }, signal)).length;
}

/** Milliseconds until the set may be fetched again for this `kid`. */
async function waitFor(kid: string): Promise<number | undefined> {
  const error = await find(kid).catch((reason: unknown) => reason);
  if (!(error instanceof JwksUnavailable)) throw new Error('found or fetched', { cause: error });
  return error.retryAfterMs;
}

describe('a JWKS that can be fetched', () => {
  it('is fetched with the first token, and not before', async () => {
    expect(server.requests).toBe(0);
    expect(await find('old')).toBe(1);
    expect(server.requests).toBe(1);
  });

  it('is fetched once in 10 minutes', async () => {
    await find('old');
    clock.advance(10 * MINUTE - 1);
    expect(await find('old')).toBe(1);
    expect(server.requests).toBe(1);
    clock.advance(1);
    expect(await find('old')).toBe(1);
    expect(server.requests).toBe(2);
  });

  it('forgets a key that its issuer has taken back, once 10 minutes are over', async () => {
    await find('old');
    server.behave(answerKeys(next));
    clock.advance(10 * MINUTE);
    expect(await find('old')).toBe(0);
    expect(server.requests).toBe(2);
  });

  it('may be empty: then nobody has a key any more', async () => {
    await find('old');
    server.behave(answerKeys());
    clock.advance(10 * MINUTE);
    expect(await find('old')).toBe(0);
  });

  it('needs no kid', async () => {
    expect(await find(undefined)).toBe(1);
  });
});

describe('a kid that is not in the set', () => {
  it('is found at once after a rotation', async () => {
    await find('old');
    server.behave(answerKeys(old, next));
    expect(await find('next')).toBe(1);
    expect(server.requests).toBe(2);
  });

  it('does not make a set be fetched twice by the request that has just seen it arrive', async () => {
    expect(await find('forged')).toBe(0);
    expect(server.requests).toBe(1);
  });

  it('makes it fetch at most 3 times in any 30 s, and then says when it may be fetched again', async () => {
    await find('old');
    for (const kid of ['a', 'b', 'c']) {
      expect(await find(kid)).toBe(0);
      clock.advance(SECOND);
    }
    expect(server.requests).toBe(4);
    for (let second = 3; second < 30; second += 1) {
      expect(await waitFor(`forged-${second}`)).toBe((30 - second) * SECOND);
      clock.advance(SECOND);
    }
    expect(server.requests).toBe(4);
    expect(await find('d')).toBe(0);
    expect(await waitFor('e')).toBe(SECOND);
    expect(server.requests).toBe(5);
  });

  it('that is forged does not keep a new key from being found by the next refresh', async () => {
    await find('old');
    server.behave(answerKeys(old, next));
    await find('forged');
    expect(await find('next')).toBe(1);
    expect(server.requests).toBe(2);
  });

  it('does not keep the known keys from being found meanwhile', async () => {
    await find('old');
    await find('forged');
    expect(await find('old')).toBe(1);
    expect(server.requests).toBe(2);
  });

  it('is found by all who ask for it while it is being fetched', async () => {
    await find('old');
    server.behave(answerKeys(old, next));
    expect(await Promise.all([find('next'), find('next'), find('next')])).toEqual([1, 1, 1]);
    expect(server.requests).toBe(2);
  });

  it('looks like an unfetched one while the provider is down', async () => {
    await find('old');
    server.behave(reply('down', 500));
    for (let attempt = 0; attempt < 3; attempt += 1) {
      await expect(find('next')).rejects.toThrow('status 500');
      expect(await find('old')).toBe(1);
    }
    expect(await waitFor('next')).toBe(30 * SECOND);
    expect(server.requests).toBe(4);
    server.behave(answerKeys(old, next));
    clock.advance(30 * SECOND);
    expect(await find('next')).toBe(1);
    expect(await find('forged')).toBe(0);
    expect(server.requests).toBe(6);
  });
});

describe('a key under which a signature has failed', () => {
  const again = createKey('ES256', 'old');
  let failed: KeyObject;
  const findOther = async (): Promise<number> =>
    (await findKeys({ alg: 'ES256', kid: 'old', except: failed }, never)).length;

  beforeEach(async () => {
    const [key] = await findKeys({ alg: 'ES256', kid: 'old' }, never);
    if (!key) throw new Error('no key');
    failed = key;
  });

  it('is fetched again, and found where the issuer has a new one under the same kid', async () => {
    server.behave(answerKeys(again));
    expect(await findOther()).toBe(1);
    expect(await findOther()).toBe(1);
    expect(server.requests).toBe(2);
  });

  it('costs at most one refresh in 30 s, and none of those for unknown kids', async () => {
    expect(await findOther()).toBe(0);
    for (let second = 0; second < 30; second += 1) {
      await expect(findOther()).rejects.toBeInstanceOf(JwksUnavailable);
      clock.advance(SECOND);
    }
    expect(server.requests).toBe(2);
    expect(await findOther()).toBe(0);
    for (const kid of ['a', 'b', 'c']) expect(await find(kid)).toBe(0);
    expect(server.requests).toBe(6);
  });
});

describe('a key that was left out', () => {
  it('is named in the log once for each kid', async () => {
    const weak = { jwk: { ...old.jwk, kid: 'weak', d: 'secret' } };
    const other = { jwk: { kty: 'NEW', kid: 'pq' } };
    server.behave(answerKeys(old, weak));
    await find('old');
    server.behave(answerKeys(old, weak, other));
    await find('unknown');
    await find('unknown');
    const named = (kid: string, reason: string) => [
      'warn',
      'key-left-out',
      { issuer: 'corp', kid, reason },
    ];
    expect(lines).toEqual([
      named('weak', 'has private members'),
      named('pq', 'is not a usable public key'),
    ]);
  });
});

describe('a provider that is down', () => {
  it('is asked again soon by an instance that has no set yet, but not by every request', async () => {
    server.behave(reply('down', 503));
    await expect(find('old')).rejects.toThrow('status 503');
    await expect(find('old')).rejects.toThrow('status 503');
    expect(server.requests).toBe(1);
    clock.advance(SECOND);
    server.behave(answerKeys(old));
    expect(await find('old')).toBe(1);
    expect(server.requests).toBe(2);
  });

  it('does not matter for an hour', async () => {
    await find('old');
    await server.stop();
    for (let minute = 0; minute < 59; minute += 1) {
      clock.advance(MINUTE);
      expect(await find('old')).toBe(1);
    }
    clock.advance(MINUTE - 1);
    expect(await find('old')).toBe(1);
    clock.advance(1);
    await expect(find('old')).rejects.toThrow('ECONNREFUSED');
  });

  it('is asked every 30 s while an old set is used', async () => {
    await find('old');
    server.behave(dropConnection);
    clock.advance(10 * MINUTE);
    for (let second = 0; second < 90; second += 1) {
      expect(await find('old')).toBe(1);
      clock.advance(SECOND);
    }
    expect(server.requests).toBe(1 + 3);
    server.behave(answerKeys(next));
    expect(await find('next')).toBe(1);
    expect(server.requests).toBe(5);
  });

  it('costs a request for an unknown kid one attempt, not two', async () => {
    await find('old');
    server.behave(dropConnection);
    clock.advance(10 * MINUTE);
    await expect(find('next')).rejects.toThrow('ECONNRESET');
    expect(server.requests).toBe(2);
  });

  it.each([
    ['before it answers', hold().listener],
    ['in the middle of its answer', hangInBody()],
  ])('is given up after 2 s when it hangs %s', async (_name, listener) => {
    server.behave(listener);
    const outcome = find('old');
    await server.arrived(1);
    clock.advance(2 * SECOND - 1);
    await setImmediate();
    expect(server.open).toBe(1);
    clock.advance(1);
    await expect(outcome).rejects.toThrow('no answer within 2000 ms');
  });

  it('that hangs costs one request 2 s, and the others nothing, while there is an old set', async () => {
    await find('old');
    server.behave(hold().listener);
    clock.advance(10 * MINUTE);
    const outcome = find('old');
    await server.arrived(2);
    clock.advance(2 * SECOND);
    expect(await outcome).toBe(1);
    expect(await find('old')).toBe(1);
    expect(server.requests).toBe(2);
  });
});

describe('requests that come together', () => {
  it('share one fetch, however slow', async () => {
    const { listener, held } = hold();
    server.behave(listener);
    const both = Promise.all([find('old'), find('old')]);
    await server.arrived(1);
    clock.advance(SECOND);
    held[0]?.end(JSON.stringify({ keys: [old.jwk] }));
    expect(await both).toEqual([1, 1]);
    expect(server.requests).toBe(1);
  });

  it('do not fail because the one that began the fetch has ended', async () => {
    const { listener, held } = hold();
    server.behave(listener);
    const controller = new AbortController();
    const first = find('old', controller.signal);
    const second = find('old');
    await server.arrived(1);
    controller.abort(new Error('the deadline of the first'));
    await expect(first).rejects.toMatchObject({ cause: new Error('the deadline of the first') });
    held[0]?.end(JSON.stringify({ keys: [old.jwk] }));
    expect(await second).toBe(1);
  });

  it('and leave early let the fetch go on for those who come later, at most for 2 s', async () => {
    const { listener, held } = hold();
    server.behave(listener);
    const controllers = [new AbortController(), new AbortController()];
    const outcomes = Promise.allSettled(controllers.map(({ signal }) => find('old', signal)));
    await server.arrived(1);
    for (const controller of controllers) controller.abort();
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    held[0]?.end(JSON.stringify({ keys: [old.jwk] }));
    expect(await find('old')).toBe(1);
    expect(server.requests).toBe(1);
    server.behave(hold().listener);
    clock.advance(10 * MINUTE);
    const controller = new AbortController();
    const outcome = find('old', controller.signal);
    await server.arrived(2);
    controller.abort();
    expect(await outcome).toBe(1);
    clock.advance(2 * SECOND);
    await server.idle();
    expect(await find('old')).toBe(1);
    expect(server.requests).toBe(2);
  });

  it('get nothing when they have ended before', async () => {
    await expect(find('old', AbortSignal.abort(new Error('gone')))).rejects.toBeInstanceOf(
      JwksUnavailable,
    );
  });
});
