import net from 'node:net';

import { afterEach, describe, expect, it } from '@jest/globals';

import { systemClock } from '../../../src/lib/clock.ts';
import { cancelTask } from '../../../src/lib/cancellation/cancel.ts';
import { TOO_LATE } from '../../../src/lib/dlc/failure.ts';
import {
  cancel,
  clientOf,
  closeLater,
  closeUpstreams,
  upstream,
} from '../../support/dlc-client.ts';
import { OK, reply } from '../../support/upstream-server.ts';
import { until } from '../../support/until.ts';

/** A connection that is opened while a turn is waited for. */

afterEach(closeUpstreams);

const patient = (): AbortSignal => AbortSignal.timeout(5000);
const answering = () => upstream((response) => reply(response, OK));

describe('a connection opened ahead', () => {
  it('is the one that the next call takes, and the ones after it', async () => {
    const server = await answering();
    const dlc = clientOf(server.port);
    await dlc.connect(patient());
    await until(() => server.sockets.length === 1);
    expect(server.requests).toEqual([]);
    for (let n = 0; n < 3; n += 1) {
      expect(await cancel(dlc)).toMatchObject({ outcome: 'answered' });
      await dlc.connect(patient());
    }
    expect(server.sockets).toHaveLength(1);
  });

  it('is opened for many at once, but not for each of a crowd', async () => {
    const server = await answering();
    const dlc = clientOf(server.port);
    await Promise.all(Array.from({ length: 50 }, () => dlc.connect(patient())));
    const answers = await Promise.all(Array.from({ length: 8 }, () => cancel(dlc)));
    expect(new Set(answers.map(({ outcome }) => outcome))).toEqual(new Set(['answered']));
    expect(server.sockets).toHaveLength(8);
  });

  it('that the other side has closed meanwhile is not used', async () => {
    const server = await answering();
    const dlc = clientOf(server.port);
    await dlc.connect(patient());
    await until(() => server.sockets.length === 1);
    const [accepted] = server.sockets;
    await new Promise((resolve) => accepted?.once('close', resolve).end());
    expect(await cancel(dlc)).toMatchObject({ outcome: 'answered' });
    expect(server.sockets).toHaveLength(2);
  });

  it('that nobody uses is closed', async () => {
    const server = await answering();
    await clientOf(server.port).connect(patient());
    await until(() => server.sockets[0]?.destroyed === true);
  }, 10_000);

  it.each(['http', 'https'])(
    'that cannot be made (%s) is no error: the call tells',
    async (protocol) => {
      const server = await answering();
      await server.close();
      const dlc = clientOf(server.port, undefined, protocol);
      await dlc.connect(patient());
      expect(await cancel(dlc)).toMatchObject({
        outcome: 'did-not-happen',
        reason: 'ECONNREFUSED',
      });
    },
  );

  it('that does not come about is waited for a while, and no longer than the caller is there', async () => {
    // Takes connections, and never says a word of TLS.
    const sockets = new Set<net.Socket>();
    const silent = net.createServer((socket) => void sockets.add(socket));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    closeLater({
      async close() {
        for (const socket of sockets) socket.destroy();
        silent.close();
      },
    });
    const address = silent.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const dlc = clientOf(port, undefined, 'https');
    await dlc.connect(AbortSignal.abort());
    await dlc.connect(patient());
    expect(sockets.size).toBeGreaterThan(0);
  });
});

describe('a request whose turn is past', () => {
  it('is not written, and no attempt', async () => {
    const server = await answering();
    const dlc = clientOf(server.port);
    const options = { region: 'ap-guangzhou', signal: patient() };
    const late = await dlc.call('CancelTask', {}, { ...options, mayLeave: () => false });
    expect(late).toBe(TOO_LATE);
    expect(server.sockets).toEqual([]);
    expect(await dlc.call('CancelTask', {}, { ...options, mayLeave: () => true })).toMatchObject({
      outcome: 'answered',
    });
  });

  it('takes another turn', async () => {
    const server = await answering();
    const turns = [false, false, true];
    const answer = await cancelTask(
      { taskId: 'a', region: 'ap-guangzhou' },
      { signal: patient(), remaining: () => 5000 },
      {
        dlc: clientOf(server.port),
        settings: { attemptTimeoutMs: 1000, maxAttempts: 1, lookup: false },
        clock: systemClock,
        random: () => 0,
        takeTurn: async () => {
          const mayLeave = turns.shift() ?? false;
          return { go: true, mayLeave: () => mayLeave };
        },
      },
    );
    expect(answer).toMatchObject({ kind: 'done', outcome: 'cancel_requested' });
    expect({ left: turns.length, sent: server.requests.length }).toEqual({ left: 0, sent: 1 });
  });
});
