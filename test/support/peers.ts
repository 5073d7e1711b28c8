import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import path from 'node:path';

import type { Peer } from '../../bench/peers/build.ts';
import { httpApi, TASK_ID } from '../fixtures/events/aws/http-events.ts';
import { projectRoot } from './checkout.ts';
import type { EmulatorAddress } from './gateway.ts';

/** The benchmark's peers, which have packages of their own. */

export const PEERS = path.join(projectRoot, 'bench', 'peers');

const KEY = 'key-of-a-caller-of-the-peers';
export const READER = 'key-of-a-caller-who-may-only-read';

/** Builds them in a process of its own, the bundles into `folder`. */
export function builtPeers(folder: string): readonly Peer[] {
  const script = `
    import { buildPeers } from './bench/peers/build.ts';
    process.stdout.write(JSON.stringify(await buildPeers(${JSON.stringify(folder)})));`;
  const args = ['--import', 'tsx', '--input-type=module', '--eval', script];
  return JSON.parse(execFileSync(process.execPath, args, { cwd: projectRoot, encoding: 'utf8' }));
}

/** A peer's settings, in front of an emulator. */
export function settingsForPeers(emulator: EmulatorAddress): Record<string, string> {
  const entries = { 'tasks:cancel': KEY, 'tasks:read': READER };
  return {
    TENCENTCLOUD_SECRET_ID: emulator.secretId,
    TENCENTCLOUD_SECRET_KEY: emulator.secretKey,
    DLC_ENDPOINT: emulator.url,
    DLC_REGION: 'ap-guangzhou',
    API_KEYS: JSON.stringify(
      Object.entries(entries).map(([scope, key], i) => {
        const sha256 = createHash('sha256').update(key).digest('hex');
        return { id: `c${i}`, sha256, scopes: [scope] };
      }),
    ),
  };
}

export interface Asked {
  readonly key?: string;
  readonly taskId?: string;
  readonly query?: string;
  readonly path?: string;
}

/** `DELETE /tasks/{id}` as API Gateway has it, payload 2.0. */
export function eventFor({ key = KEY, taskId = TASK_ID, query = '', ...asked }: Asked): object {
  const where = asked.path ?? `/tasks/${taskId}`;
  const { requestContext, ...event } = httpApi;
  return {
    ...event,
    rawPath: where,
    rawQueryString: query,
    queryStringParameters: query ? Object.fromEntries(new URLSearchParams(query)) : undefined,
    headers: { ...event.headers, 'x-api-key': key, 'x-request-id': 'id-of-the-caller' },
    requestContext: { ...requestContext, http: { ...requestContext.http, path: where } },
  };
}
