import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import http from 'node:http';
import { createRequire } from 'node:module';
import { text } from 'node:stream/consumers';

/** The stand-in for node-fetch against node-fetch itself; the other tests of this folder send by the stand-in alone. */

const require = createRequire(import.meta.url);
const ofSdk = createRequire(require.resolve('tencentcloud-sdk-nodejs/package.json'));
const fetches = {
  'node-fetch': ofSdk('node-fetch/lib/index.js'),
  'the stand-in': require('../../../scripts/build/stubs/node-fetch.cjs'),
} as const;

const server = http.createServer();
const agent = new http.Agent({ keepAlive: true });
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** What arrives of a request as the SDK makes it, and what the SDK reads of the response. */
async function sentBy(fetch: (typeof fetches)['node-fetch'], status: number, content: string) {
  if (!server.listening) await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = Object(server.address());
  const arrived = once(server, 'request').then(async ([request, response]) => {
    const body = await text(request);
    response.writeHead(status, { 'X-TC-TraceId': 'trace' }).end(content);
    const { method, url, headers } = request;
    return { method, url, headers, body };
  });
  const response = await fetch(`http://127.0.0.1:${port}/`, {
    method: 'POST',
    timeout: 0,
    headers: {
      'Accept-Encoding': 'identity',
      Host: 'dlc.tencentcloudapi.com',
      'X-TC-Timestamp': 1_795_564_800,
      'Content-Type': 'application/json',
    },
    agent,
    proxy: undefined,
    signal: new AbortController().signal,
    body: '{"TaskId":"ü"}',
  });
  const { headers, status: got, statusText } = response;
  const read = {
    got,
    statusText,
    trace: headers.get('x-tc-traceid'),
    none: headers.get('content-type'),
    json: await response.json().catch(() => 'not JSON'),
  };
  return { arrived: await arrived, read };
}

describe('the stand-in for node-fetch', () => {
  it.each([
    [200, '{"Response":{"RequestId":"ü"}}'],
    [200, 'ü'],
    [200, ''],
    [503, '{}'],
  ])('sends the same, and gives the same of a %i with %s', async (status, content) => {
    const real = await sentBy(fetches['node-fetch'], status, content);
    expect(await sentBy(fetches['the stand-in'], status, content)).toEqual(real);
    expect(real.arrived).toMatchObject({ method: 'POST', body: '{"TaskId":"ü"}' });
  });
});
