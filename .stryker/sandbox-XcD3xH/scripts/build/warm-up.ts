import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';

import { startEmulator } from '../../emulator/emulator.ts';
import type * as Bundle from '../../src/function.ts';
import { compile, runCompiled } from '../../src/lib/code-cache.ts';

/** `warm-up.ts BUNDLE OUT`: writes V8's cache of what a start and a first cancellation use (code-cache.ts). */
const [bundle = '', out = ''] = process.argv.slice(2);
const key = `dlcgw_${Buffer.alloc(32).toString('base64url')}`;
const emulator = await startEmulator();
emulator.addTasks({ id: 'warm-up', state: 'running' });
const sha256 = createHash('sha256').update(key).digest('hex');
Object.assign(process.env, {
  API_KEYS: JSON.stringify([{ id: 'warm-up', sha256, scopes: ['tasks:cancel'] }]),
  DLC_ENDPOINT: emulator.url,
  DLC_REGION: 'ap-guangzhou',
  LOG_LEVEL: 'silent',
  TENCENTCLOUD_SECRETID: emulator.secretId,
  TENCENTCLOUD_SECRETKEY: emulator.secretKey,
});

const script = compile(bundle, '');
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it is the bundle of that module
const { handler } = runCompiled(script, bundle) as typeof Bundle;
const { statusCode } = await handler({
  version: '2.0',
  rawPath: '/tasks/warm-up',
  rawQueryString: '',
  headers: { 'x-api-key': key },
  requestContext: { http: { method: 'DELETE', path: '/tasks/warm-up' }, stage: '$default' },
  isBase64Encoded: false,
});
assert.equal(statusCode, 202);
writeFileSync(out, script.createCachedData());
await emulator.close();
process.exit(0);
