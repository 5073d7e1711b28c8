import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import type { Peer } from '../../bench/peers/build.ts';
import { startEmulator, type Emulator } from '../../emulator/emulator.ts';
import { TASK_ID } from '../fixtures/events/aws/http-events.ts';
import { projectRoot } from '../support/checkout.ts';
import { describeWith, isThere, NEEDS_PEERS } from '../support/needs.ts';
import {
  builtPeers,
  eventFor,
  PEERS,
  READER,
  settingsForPeers,
  type Asked,
} from '../support/peers.ts';
import { startHandlers, type HandlerProcess } from '../support/processes.ts';

/** The peers of the benchmark do the job that they are compared by: each built, in a process of its own. */

const temporary = mkdtempSync(path.join(tmpdir(), 'dlc-peers-'));
const peers = isThere([NEEDS_PEERS]) ? builtPeers(temporary) : [];

let emulator: Emulator;
const running = new Map<Peer, HandlerProcess>();
beforeAll(async () => {
  emulator = await startEmulator({ cancelMs: 0, rate: 100_000 });
  // What the SDK brings along uses what later Nodes warn of.
  const options = ['--no-deprecation'];
  for (const peer of peers)
    running.set(peer, startHandlers(peer.file, settingsForPeers(emulator), { options }));
});
afterEach(async () => emulator.reset());
afterAll(async () => {
  await Promise.all([...running.values()].map((peer) => peer.stop()));
  await emulator.close();
  rmSync(temporary, { recursive: true });
});

interface PeersAnswer {
  readonly status: number;
  readonly body: unknown;
}

async function answerOf(peer: Peer, asked: Asked): Promise<PeersAnswer> {
  const response = await running.get(peer)?.call('handler', eventFor(asked));
  expect(response?.headers).toMatchObject({
    'x-request-id': 'id-of-the-caller',
    'cache-control': 'no-store',
  });
  return { status: response?.statusCode ?? 0, body: JSON.parse(response?.body ?? '') };
}

/** Which code of DLC a caller has to be able to tell from another, and by which status. */
const CODES = [
  ['RequestLimitExceeded', 429, 'upstream-rate-limited'],
  ['ResourceUnavailable', 503, 'upstream-unavailable'],
  ['InvalidParameter.TaskAlreadyFinished', 409, 'task-already-finished'],
  ['ResourceNotFound.DataEngineNotFound', 502, 'upstream-error'],
  ['AuthFailure.SignatureFailure', 502, 'upstream-credentials-rejected'],
  ['InternalError.InternalSystemException', 502, 'upstream-internal-error'],
] as const;

const REFUSALS = [
  ['a wrong key', { key: 'wrong' }, 401, 'unauthenticated'],
  ['no key', { key: '' }, 401, 'unauthenticated'],
  ['a key without the scope', { key: READER }, 403, 'insufficient-scope'],
  ['a bad id', { taskId: 'not%20an%20id' }, 400, 'invalid-request'],
  ['an id that is too long', { taskId: 'a'.repeat(129) }, 400, 'invalid-request'],
  ['a region that is not allowed', { query: 'region=ap-tokyo' }, 400, 'invalid-request'],
  ['another path', { path: '/jobs/1' }, 404, 'route-not-found'],
] as const;

describeWith([NEEDS_PEERS], 'the peers', () => {
  it('use the versions that the gateway uses, where both use the same', () => {
    const pinsIn = (folder: string): Record<string, string> => {
      const text = readFileSync(path.join(folder, 'package.json'), 'utf8');
      const { dependencies, devDependencies } = JSON.parse(text);
      return { ...dependencies, ...devDependencies };
    };
    const ours = pinsIn(projectRoot);
    const theirs = pinsIn(PEERS);
    const shared = Object.keys(theirs).filter((name) => Object.hasOwn(ours, name));
    expect(shared).toContain('tencentcloud-sdk-nodejs');
    for (const name of shared) expect([name, theirs[name]]).toEqual([name, ours[name]]);
  });

  it('but for one are all in one file', () => {
    const unbundled = peers.filter(({ bundled }) => !bundled);
    expect(unbundled.map(({ name }) => name)).toEqual(['whole-sdk']);
    expect(readFileSync(unbundled[0]?.file ?? '', 'utf8')).toContain(
      'require("tencentcloud-sdk-nodejs")',
    );
  });

  it('give up a call to DLC that hangs', async () => {
    await emulator.addFault({ action: 'CancelTask', kind: 'hang', times: 'always' });
    const responses = await Promise.all(peers.map((peer) => answerOf(peer, {})));
    const problem = { status: 504, body: { status: 504, code: 'upstream-timeout' } };
    for (const response of responses) expect(response).toMatchObject(problem);
  });
});

for (const peer of peers) {
  describe(peer.title, () => {
    const answerTo = async (asked: Asked): Promise<PeersAnswer> => answerOf(peer, asked);

    it('cancels a task', async () => {
      emulator.addTasks({ id: TASK_ID, state: 'running' });
      const { status, body } = await answerTo({ query: 'region=ap-guangzhou' });
      expect(body).toEqual({
        taskId: TASK_ID,
        region: 'ap-guangzhou',
        outcome: 'cancel_requested',
        requestId: 'id-of-the-caller',
        upstreamRequestId: expect.stringMatching(/^[\da-f-]{36}$/),
      });
      expect(status).toBe(202);
      const { cancelled, badSignatures, calls } = emulator.stats();
      expect({ cancelled, badSignatures }).toEqual({ cancelled: [TASK_ID], badSignatures: 0 });
      expect(calls).toEqual({ CancelTask: 1, DescribeTasks: 0 });
    });

    it.each(REFUSALS)('refuses %s, and asks nothing of DLC', async (_what, asked, status, code) => {
      expect(await answerTo(asked)).toMatchObject({ status, body: { status, code } });
      expect(emulator.requests()).toEqual([]);
    });

    it('says that there is no such task', async () => {
      const { status, body } = await answerTo({ taskId: 'no-such-task' });
      expect({ status, body }).toMatchObject({ status: 404, body: { code: 'task-not-found' } });
    });

    it.each(CODES)('answers %s with a %i', async (code, status, ours) => {
      await emulator.addFault({ action: 'CancelTask', kind: 'code', code, message: 'for the log' });
      const { body, ...response } = await answerTo({});
      expect({ ...response, body }).toMatchObject({ status, body: { status, code: ours } });
      expect(JSON.stringify(body)).not.toContain('for the log');
    });

    it.each([
      [{ kind: 'reset-before' }, 502, 'upstream-unreachable'],
      [{ kind: 'status', status: 503 }, 503, 'upstream-unavailable'],
      [{ kind: 'status', status: 504 }, 504, 'upstream-timeout'],
    ] as const)('answers %j with a %i', async (fault, status, code) => {
      await emulator.addFault({ action: 'CancelTask', ...fault });
      expect(await answerTo({})).toMatchObject({ status, body: { status, code } });
    });

    it('writes nothing', () =>
      expect(running.get(peer)?.output).toEqual({ stdout: '', stderr: '' }));
  });
}
