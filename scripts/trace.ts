import { createHash } from 'node:crypto';
import { Session, type Profiler } from 'node:inspector/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { startEmulator, type Emulator } from '../emulator/emulator.ts';
import { CommandError } from './cli/command-line.ts';
import { EXIT } from './cli/exit-codes.ts';

const src = path.resolve(import.meta.dirname, '../src');

/** Requests before the one that is counted: modules, clients and connections are there by then. */
const WARM = 10;

/** Names of executed functions, by file. */
export type Executed = ReadonlyMap<string, readonly string[]>;

/** Prints what one cancellation executes. @throws CommandError 1 if it is not accepted */
export async function trace(options: { readonly functions: boolean }): Promise<void> {
  const executed = await traceCancellation();
  const lines = [...executed].flatMap(([file, functions]) => [
    `${String(functions.length).padStart(3)} ${file}`,
    ...(options.functions ? functions.map((name) => `      ${name}`) : []),
  ]);
  const total = [...executed.values()].flat().length;
  process.stdout.write(`${lines.join('\n')}\n${executed.size} files, ${total} functions\n`);
}

/** @throws CommandError 1 if a cancellation is not accepted */
async function traceCancellation(): Promise<Executed> {
  const emulator = await startEmulator({ rate: 1_000_000 });
  emulator.addTasks(
    Array.from({ length: WARM + 1 }, (_, i) => ({ id: `t${i}`, state: 'running' as const })),
  );
  try {
    const cancel = await openFunction(emulator);
    for (let i = 0; i < WARM; i += 1) await cancel(`t${i}`);
    return await coverageOf(() => cancel(`t${WARM}`));
  } finally {
    await emulator.close();
  }
}

/** Loads the function with one caller. @returns a function that cancels a task */
async function openFunction(emulator: Emulator): Promise<(taskId: string) => Promise<void>> {
  const key = `dlcgw_${Buffer.alloc(32).toString('base64url')}`;
  const sha256 = createHash('sha256').update(key).digest('hex');
  Object.assign(process.env, {
    API_KEYS: JSON.stringify([{ id: 'trace', sha256, scopes: ['tasks:cancel'], engines: ['*'] }]),
    CALLER_RATE: '1000/s',
    DLC_ENDPOINT: emulator.url,
    DLC_REGION: 'ap-guangzhou',
    LOG_LEVEL: 'silent',
    TENCENTCLOUD_SECRETID: emulator.secretId,
    TENCENTCLOUD_SECRETKEY: emulator.secretKey,
    UPSTREAM_RATE: '1000000',
  });
  const { main_handler: handle } = await import('../src/function.ts');
  return async (taskId) => {
    const headers = { 'x-api-key': key };
    const event = { httpMethod: 'DELETE', path: `/tasks/${taskId}`, headers, queryString: {} };
    const { statusCode, body } = await handle(event);
    if (statusCode !== 202) throw new CommandError(EXIT.failed, `${statusCode}: ${body}`);
  };
}

/** V8's precise coverage of what runs meanwhile (the protocol's domain "Profiler"). */
async function coverageOf(run: () => Promise<void>): Promise<Executed> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
  // Counts begin anew with every result that is taken.
  await session.post('Profiler.takePreciseCoverage');
  await run();
  const { result } = await session.post('Profiler.takePreciseCoverage');
  session.disconnect();
  return executedIn(result);
}

function executedIn(result: readonly Profiler.ScriptCoverage[]): Executed {
  const found = new Map<string, readonly string[]>();
  for (const { url, functions } of result) {
    const file = url.startsWith('file:') ? fileURLToPath(url.replace(/\?.*$/, '')) : url;
    const names = functions
      .filter(({ ranges: [range] }) => (range?.count ?? 0) > 0)
      .map(({ functionName }) => functionName || '(anonymous)')
      // Of the loader for TypeScript.
      .filter((name) => name !== '__name');
    if (file.startsWith(`${src}${path.sep}`) && names.length > 0) {
      found.set(path.relative(path.dirname(src), file), names);
    }
  }
  return new Map([...found].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
