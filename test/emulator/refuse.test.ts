import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { startEmulator, type Emulator } from '../../emulator/emulator.ts';
import { Refusal, systemFailedAttempts } from '../../emulator/refusal.ts';
import { cancel, codeOf, signedHeadersOf, untilReceived } from './support.ts';

const refuse = { action: 'CancelTask', kind: 'refuse' } as const;
const isCounted = systemFailedAttempts() !== undefined;
let emulator: Emulator;

beforeEach(async () => {
  emulator = await startEmulator({ cancelMs: 0 });
  emulator.addTasks({ id: 'a', state: 'running' });
});
afterEach(async () => emulator.close());

/** The status of an answer on one of the agent's connections, or the code of the error. */
async function statusOn(
  agent: Agent,
  path: string,
  body = '{}',
  headers: Record<string, string> = {},
): Promise<unknown> {
  return new Promise((resolve) => {
    const options = { host: '127.0.0.1', port: emulator.port, headers };
    const method = path === '/' ? 'POST' : 'GET';
    const sent = request({ ...options, agent, path, method }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode));
    });
    sent.on('error', (error: NodeJS.ErrnoException) => resolve(error.code));
    sent.end(method === 'POST' ? body : '');
  });
}

describe('refuse', () => {
  it('refuses every connection until it is cleared, and nothing happened', async () => {
    await emulator.addFault({ ...refuse, times: 'always' });
    for (let index = 0; index < 3; index += 1) {
      expect(await cancel(emulator, 'a')).toMatchObject({ error: 'ECONNREFUSED' });
    }
    expect(emulator.stats().calls.CancelTask).toBe(0);
    await emulator.clearFaults();
    expect(codeOf(await cancel(emulator, 'a'))).toBe('ok');
  });

  it('ends with a reset too', async () => {
    await emulator.addFault({ ...refuse, times: 'always' });
    await emulator.reset();
    expect(codeOf(await cancel(emulator, 'a'))).toBe('InvalidParameter.InvalidTaskId');
  });

  it('opens the port again by itself, once enough attempts failed or its time is up', async () => {
    await emulator.addFault({ ...refuse, times: 5 });
    const seen: unknown[] = [];
    while (seen.at(-1) !== 'ok') {
      const response = await cancel(emulator, 'a');
      seen.push(response.error ?? codeOf(response));
      await sleep(20);
    }
    expect(new Set(seen)).toEqual(new Set(['ECONNREFUSED', 'ok']));
    // Another program's failed attempt counts too: so at most, where they are counted.
    if (isCounted) expect(seen.length).toBeLessThanOrEqual(6);
  });

  it('closes idle connections to the API, and keeps those of the control API', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    expect(await statusOn(agent, '/_emulator/stats')).toBe(200);
    const apiAgent = new Agent({ keepAlive: true, maxSockets: 1 });
    expect(await statusOn(apiAgent, '/')).toBe(200);
    await emulator.addFault({ ...refuse, times: 'always' });
    expect(await statusOn(agent, '/_emulator/stats')).toBe(200);
    expect(await statusOn(apiAgent, '/')).toBe('ECONNREFUSED');
    agent.destroy();
    expect(await statusOn(agent, '/_emulator/stats')).toBe('ECONNREFUSED');
  });

  it('lets a request in flight have its answer, and then closes its connection', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    await emulator.addFault({ action: 'CancelTask', kind: 'delay', ms: 200 });
    const body = '{"TaskId":"a"}';
    const response = statusOn(agent, '/', body, signedHeadersOf(body));
    await untilReceived(emulator);
    await emulator.addFault({ ...refuse, times: 'always' });
    expect(await response).toBe(200);
    expect(emulator.task('a')?.state).toBe('cancelled');
    await sleep(25);
    expect(await statusOn(agent, '/')).toBe('ECONNREFUSED');
  });

  it('can be closed while it refuses', async () => {
    await emulator.addFault({ ...refuse, times: 'always' });
    await emulator.close();
    expect(await cancel(emulator, 'a')).toMatchObject({ error: 'ECONNREFUSED' });
  });
});

describe('Refusal', () => {
  const events: string[] = [];
  const listener = {
    refuse: () => void events.push('refuse'),
    open: async () => void events.push('open'),
  };
  beforeEach(() => void events.splice(0));

  it('counts failed attempts from its start on', async () => {
    let failed = 41;
    const refusal = new Refusal(listener, () => failed);
    refusal.start({ times: 2, ms: 60_000 });
    failed = 42;
    await sleep(30);
    expect(events).toEqual(['refuse']);
    failed = 43;
    while (refusal.isActive) await sleep(5);
    expect(events).toEqual(['refuse', 'open']);
  });

  it('goes by the time where nothing counts', async () => {
    const refusal = new Refusal(listener, () => undefined);
    refusal.start({ times: 2, ms: 20 });
    while (refusal.isActive) await sleep(5);
    expect(events).toEqual(['refuse', 'open']);
  });

  it('opens once, however often it is asked to', async () => {
    const refusal = new Refusal(listener, () => undefined);
    refusal.start({ times: 'always' });
    await Promise.all([refusal.stop(), refusal.stop()]);
    await refusal.stop();
    expect(events).toEqual(['refuse', 'open']);
  });

  it('tries again when somebody else has the port', async () => {
    let attempts = 0;
    const open = async (): Promise<void> => {
      attempts += 1;
      if (attempts < 3) throw new Error('EADDRINUSE');
    };
    const refusal = new Refusal({ ...listener, open }, () => undefined);
    refusal.start({ times: 1, ms: 0 });
    while (refusal.isActive) await sleep(5);
    expect(attempts).toBe(3);
  });
});

it('says so when the port is in use', async () => {
  const other = await startEmulator();
  const { port } = other;
  await expect(startEmulator({ port })).rejects.toMatchObject({ code: 'EADDRINUSE', port });
  await other.close();
});
