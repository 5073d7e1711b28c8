import { setImmediate } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { createJwks, type FindKeys } from '../../../src/lib/auth/jwks.ts';
import {
  answer,
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

beforeEach(async () => {
  server = await startJwksServer(answerKeys(old));
  clock = manualClock();
  findKeys = createJwks(server.uri, { clock });
});
afterEach(async () => {
  // No connection outlives the requests that waited for it.
  await server.idle();
  await server.stop();
});

/** How many keys match this `kid`. */
async function find(kid: string | undefined, signal = never): Promise<number> {
  return (await findKeys({ alg: 'ES256', kid }, signal)).length;
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

  it('makes it fetch at most every 30 s, however many are forged', async () => {
    await find('old');
    for (let index = 0; index < 50; index += 1) {
      expect(await find(`forged-${index}`)).toBe(0);
      clock.advance(SECOND / 2);
    }
    expect(server.requests).toBe(2);
    clock.advance(5 * SECOND);
    await find('forged');
    expect(server.requests).toBe(3);
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

  it('cannot be told from an unfetched one while the provider is down', async () => {
    await find('old');
    server.behave(answer('down', 500));
    await expect(find('next')).rejects.toThrow('status 500');
    expect(await find('old')).toBe(1);
    await expect(find('next')).rejects.toThrow('status 500');
    expect(server.requests).toBe(2);
    server.behave(answerKeys(old, next));
    clock.advance(30 * SECOND);
    expect(await find('next')).toBe(1);
    expect(await find('forged')).toBe(0);
    expect(server.requests).toBe(3);
  });
});

describe('a provider that is down', () => {
  it('is asked again soon by an instance that has no set yet, but not by every request', async () => {
    server.behave(answer('down', 503));
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

  it('does not make unknown kids fetch more often than that', async () => {
    await find('old');
    server.behave(dropConnection);
    clock.advance(10 * MINUTE);
    await expect(find('next')).rejects.toThrow('ECONNRESET');
    clock.advance(29 * SECOND);
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
    await expect(first).rejects.toThrow('the deadline of the first');
    held[0]?.end(JSON.stringify({ keys: [old.jwk] }));
    expect(await second).toBe(1);
  });

  it('leave no fetch behind when all of them have ended, and the next is not made to wait', async () => {
    server.behave(hold().listener);
    const controllers = [new AbortController(), new AbortController()];
    const outcomes = Promise.allSettled(controllers.map(({ signal }) => find('old', signal)));
    await server.arrived(1);
    for (const controller of controllers) controller.abort();
    await outcomes;
    await server.idle();
    server.behave(answerKeys(old));
    expect(await find('old')).toBe(1);
  });

  it('that all end before a hanging provider answers have the others use the old set', async () => {
    await find('old');
    server.behave(hold().listener);
    clock.advance(10 * MINUTE);
    const controller = new AbortController();
    const outcome = find('old', controller.signal);
    await server.arrived(2);
    controller.abort();
    expect(await outcome).toBe(1);
    await server.idle();
    expect(await find('old')).toBe(1);
    expect(server.requests).toBe(2);
  });
});
