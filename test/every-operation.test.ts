import { describe, expect, it } from '@jest/globals';

import type { Emulator } from '../emulator/emulator.ts';
import { toHeaderFields } from '../src/lib/http/message.ts';
import { lazyApp, openLog } from '../src/app.ts';
import { Problem } from '../src/lib/problems.ts';
import { onEmulator } from './support/emulator.ts';
import { expectDocumented } from './support/documented.ts';
import { ALL_OPERATIONS, ask, shown, TASK, type Request } from './support/every-operation.ts';
import { startFunction } from './support/processes.ts';
import { KEY, keyEntry, PUBLIC_URL } from './support/three-callers.ts';

/**
 * What the OpenAPI document says that every operation may answer before its handler is asked: each of
 * it does happen (`support/received-reporter.js`), and looks as the document says.
 */
const ORIGIN = 'https://app.example.org';
const nameOf = ({ method, target }: Request): string => `${method} ${target}`;

let emulator: Emulator;
onEmulator({ id: TASK, state: 'running', engine: 'mine' }, (started) => void (emulator = started));

describe.each(ALL_OPERATIONS.map((make) => [nameOf(make()), make] as const))('%s', (_, make) => {
  it('with a field that is repeated', async () => {
    const twice = ['Host', 'host'].map((name) => [name, 'x'] as const);
    expect(shown(await ask(emulator.port, {}, make(), twice))).toEqual({
      status: 400,
      code: 'invalid-request',
    });
  });

  it('with header fields over 16 KiB', async () => {
    const large = [['X-Large', 'x'.repeat(17_000)]] as const;
    expect(await ask(emulator.port, {}, make(), large)).toMatchObject({ status: 431 });
  });

  it('whose body never ends: nothing waits for a body that is not needed', async () => {
    const never = (): Promise<Buffer> => new Promise(() => undefined);
    const { method, target } = make();
    const isNeeded = method === 'POST';
    // Some senders of webhooks give up at any 4xx.
    const status = target.startsWith('/webhooks/') ? 503 : 408;
    // Only what waits for the body may time out, on however slow a machine.
    const settings = { REQUEST_TIMEOUT_MS: isNeeded ? '500' : '60000' };
    const response = await ask(emulator.port, settings, make(), [], never);
    if (isNeeded) expect(shown(response)).toEqual({ status, code: 'request-timeout' });
    else expect(response.status).toBeLessThan(300);
  });

  it('whose body is dropped for another one', async () => {
    const dropped = async (): Promise<Buffer> => {
      throw new Problem('overloaded');
    };
    const response = await ask(emulator.port, {}, make(), [], dropped);
    if (make().method !== 'POST') expect(response.status).toBeLessThan(300);
    else expect(shown(response)).toEqual({ status: 503, code: 'overloaded' });
  });

  it('which the gateway has a defect for', async () => {
    const response = await ask(emulator.port, {}, make(), [], undefined, true);
    expect(shown(response)).toEqual({ status: 500, code: 'internal-error' });
  });

  it('from another origin, be it right or wrong', async () => {
    const settings = { CORS_ORIGINS: ORIGIN };
    const right = [['Origin', ORIGIN]] as const;
    const wrong = [...right, ['Prefer', 'a'], ['Prefer', 'b']] as const;
    const responses = [
      await ask(emulator.port, settings, make(), right),
      await ask(emulator.port, settings, make(), wrong),
    ];
    expect(responses[0]?.status).toBeLessThan(300);
    expect(responses[1]?.status).toBe(400);
    for (const { headers } of responses) expect(headers['Vary']).toContain('Origin');
  });

  it('in Chinese', async () => {
    const chinese = ['Accept-Language', 'zh'] as const;
    const responses = [
      await ask(emulator.port, {}, make(), [chinese]),
      await ask(emulator.port, {}, make(), [chinese, ['Prefer', 'a'], ['Prefer', 'b']]),
    ];
    expect(responses[0]?.status).toBeLessThan(300);
    expect(responses[1]?.headers).toMatchObject({
      'Content-Language': 'zh-CN',
      Vary: 'Accept-Language',
    });
  });

  it('with a large body, and where the settings are wrong, through the function as built', async () => {
    const { method, target, headers } = make();
    const event = {
      httpMethod: method,
      path: target,
      headers: Object.fromEntries(headers),
      queryString: {},
    };
    const large = await startFunction({
      DLC_REGION: 'ap-guangzhou',
      API_KEYS: JSON.stringify([keyEntry(KEY)]),
      MCP: 'on',
      PUBLIC_URL,
    });
    const response = await large.invoke({ ...event, body: 'x'.repeat(300_000) });
    expect(response.statusCode).toBe(413);
    await large.stop();
    const wrong = await startFunction({});
    expect((await wrong.invoke(event)).statusCode).toBe(500);
    await wrong.stop();
  });
});

describe('without openapi.json beside the bundle', () => {
  const settings = {
    DLC_REGION: 'ap-guangzhou',
    API_KEYS: JSON.stringify([keyEntry(KEY)]),
    LOG_LEVEL: 'silent',
  };
  const gateway = lazyApp(settings, '/nowhere', openLog(settings))();
  const serve = async (path: string) => {
    const headers = toHeaderFields([]);
    const readBody = async (): Promise<Buffer> => Buffer.alloc(0);
    const response = await gateway.serve({ method: 'GET', path, query: [], headers, readBody });
    const received = { ...response, text: response.body };
    expectDocumented(received, { method: 'GET', target: path });
    return response;
  };

  it('nothing is at its path', async () => {
    expect((await serve('/openapi.json')).status).toBe(404);
  });

  it('a problem says as much as the gateway itself knows', async () => {
    const { status, body } = await serve('/problems/task-busy');
    expect(status).toBe(200);
    expect(JSON.parse(body)).toEqual({
      type: '/problems/task-busy',
      code: 'task-busy',
      title: 'Task busy',
      status: 409,
      retryable: true,
      meaning: 'DLC reports that the task, or what it depends on, is in use.',
    });
  });
});
