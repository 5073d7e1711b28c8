import { expect, it, jest } from '@jest/globals';

import { lazyApp, openLog } from '../src/app.ts';
import { toHeaderFields } from '../src/lib/http/message.ts';
import { expectDocumented } from './support/documented.ts';
import { keyEntry } from './support/three-callers.ts';

/** A function whose settings are wrong answers all the same, and says what is wrong in its log alone. */
const ORIGIN = 'https://app.example.org';

async function ask(get: ReturnType<typeof lazyApp>) {
  const lines: string[] = [];
  const spy = jest
    .spyOn(process.stdout, 'write')
    .mockImplementation((line) => lines.push(String(line)) > 0);
  const response = await get().serve({
    method: 'DELETE',
    path: '/tasks/a',
    query: [],
    headers: toHeaderFields([['Origin', ORIGIN]]),
    readBody: async () => Buffer.alloc(0),
  });
  spy.mockRestore();
  const received = { ...response, text: response.body };
  expectDocumented(received, { method: 'DELETE', target: '/tasks/a' });
  return { response, reasons: lines.filter((line) => line.includes('wrong-setting')) };
}

it('lets a frontend see the 500, tells why once, and recovers once a file has come', async () => {
  const env: Record<string, string> = { CORS_ORIGINS: ORIGIN, API_KEYS: '{', BASE_PATH: '/gw' };
  const gateway = lazyApp(env, '/', openLog(env));
  const first = await ask(gateway);
  expect(first.response).toMatchObject({
    status: 500,
    headers: { 'Access-Control-Allow-Origin': ORIGIN, Vary: 'Accept-Language, Origin' },
  });
  expect(JSON.parse(first.response.body)).toMatchObject({
    type: '/gw/problems/gateway-misconfigured',
    code: 'gateway-misconfigured',
  });
  expect(first.reasons.join('')).toMatch(/DLC_REGION: .*[\s\S]*API_KEYS: /);
  expect((await ask(gateway)).reasons).toEqual([]);

  Object.assign(env, { API_KEYS: JSON.stringify([keyEntry('k')]), DLC_REGION: 'ap-guangzhou' });
  expect((await ask(gateway)).response.status).toBe(401);
});
