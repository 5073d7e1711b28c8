import { fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import path from 'node:path';

import { z } from 'zod';

import { startEmulator } from '../../emulator/emulator.ts';
import { moduleOf, sumBy, type Weights } from './weigh.ts';

/** What a cancellation loads and allocates, counted in a process of its own (probe.cjs). */
export interface Cancellation {
  /** Node's own modules that the function makes it load for the first one. */
  readonly builtins: readonly string[];
  /** Files of the build that it loads for it. */
  readonly files: readonly string[];
  /** Bytes on V8's heap for each one, warm. The same to 0.01 % from run to run. */
  readonly allocated: number;
  /** The same by module, sampled: to 5 % or so. */
  readonly allocatedBy: Weights;
}

/** As many as the probe cancels. */
const TASKS = 2401;

/** A nursery that holds all that is allocated, so that nothing is collected; and no optimiser, which works when it has time. */
const FLAGS = ['--expose-gc', '--no-opt', '--min-semi-space-size=512', '--max-semi-space-size=512'];

const messageSchema = z.object({
  builtins: z.array(z.string()),
  files: z.array(z.string()),
  allocated: z.number(),
  profile: z.array(z.tuple([z.string(), z.number(), z.number(), z.number()])),
});

/** @param dist where the build is, source maps beside it */
export async function probe(dist: string): Promise<Cancellation> {
  const emulator = await startEmulator({ rate: 1_000_000 });
  emulator.addTasks(
    Array.from({ length: TASKS }, (_, i) => ({ id: `t${i}`, state: 'running' as const })),
  );
  const key = `dlcgw_${Buffer.alloc(32).toString('base64url')}`;
  const sha256 = createHash('sha256').update(key).digest('hex');
  const entry = { id: 'probe', sha256, scopes: ['tasks:cancel'], rate: '999999/s' };
  const env = {
    API_KEYS: JSON.stringify([entry]),
    DLC_ENDPOINT: emulator.url,
    DLC_REGION: 'ap-guangzhou',
    LOG_LEVEL: 'silent',
    TENCENTCLOUD_SECRETID: emulator.secretId,
    TENCENTCLOUD_SECRETKEY: emulator.secretKey,
    UPSTREAM_RATE: '1000000',
  };
  const bundle = path.join(dist, 'function.js');
  const file = path.join(import.meta.dirname, 'probe.cjs');
  const child = fork(file, [bundle, key], { execArgv: FLAGS, env });
  const ended = once(child, 'exit').then(() => {
    throw new Error('the probe ended without a word');
  });
  try {
    const [message] = await Promise.race([once(child, 'message'), ended]);
    const { profile, files, ...counted } = messageSchema.parse(message);
    return {
      ...counted,
      files: files.map((one) => path.basename(one)).toSorted(),
      allocatedBy: byModule(profile, bundle),
    };
  } finally {
    ended.catch(() => {});
    child.kill();
    await emulator.close();
  }
}

type Place = readonly [url: string, line: number, column: number, bytes: number];

function byModule(profile: readonly Place[], bundle: string): Weights {
  const map = new SourceMap(JSON.parse(readFileSync(`${bundle}.map`, 'utf8')));
  return sumBy(
    profile.map(([url, line, column, bytes]) => {
      if (!url.endsWith(bundle)) return ["Node's own", bytes] as const;
      const found = map.findEntry(line, column);
      return [
        'originalSource' in found ? moduleOf(found.originalSource) : 'bundle',
        bytes,
      ] as const;
    }),
  );
}
