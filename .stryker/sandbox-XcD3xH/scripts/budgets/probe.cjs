// `node [flags] probe.cjs BUNDLE KEY`: cancels tasks of the emulator by the built function, and says as JSON what that
// loaded and allocated. Plain CommonJS, as a loader for TypeScript would load modules of its own.
'use strict';

const WARM = 400;
const MEASURED = 1000;
const [, , bundle, key] = process.argv;
const before = new Set(process.moduleLoadList);
const { handler } = require(bundle);

async function cancel(from, count) {
  for (let i = from; i < from + count; i += 1) {
    const answer = await handler({
      version: '2.0',
      rawPath: `/tasks/t${i}`,
      rawQueryString: '',
      headers: { 'x-api-key': key },
      requestContext: { http: { method: 'DELETE', path: `/tasks/t${i}` }, stage: '$default' },
      isBase64Encoded: false,
    });
    if (answer.statusCode !== 202) throw new Error(answer.body);
  }
}

async function main() {
  await cancel(0, 1);
  const builtins = process.moduleLoadList
    .filter((name) => !before.has(name) && name.startsWith('NativeModule '))
    .map((name) => name.slice('NativeModule '.length))
    // What these load within Node is of its patch version.
    .filter((name) => !/^internal\/|^_/.test(name));
  const files = Object.keys(require.cache).filter((file) => file !== __filename);
  await cancel(1, WARM);
  globalThis.gc();
  const used = process.memoryUsage().heapUsed;
  await cancel(1 + WARM, MEASURED);
  const allocated = (process.memoryUsage().heapUsed - used) / MEASURED;
  const profile = await sampled(() => cancel(1 + WARM + MEASURED, MEASURED));
  process.send({ builtins, files, allocated, profile }, () => process.exit(0));
}

/** Bytes per cancellation by where they were allocated: `[url, line, column, bytes]`, of V8's sampling heap profiler. */
async function sampled(work) {
  const { Session } = require('node:inspector/promises');
  const session = new Session();
  session.connect();
  await session.post('HeapProfiler.startSampling', {
    samplingInterval: 512,
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: true,
  });
  await work();
  const { profile } = await session.post('HeapProfiler.stopSampling');
  const rows = [];
  const visit = ({ callFrame, selfSize, children }, own) => {
    const { url, lineNumber, columnNumber } = callFrame;
    const at =
      url.endsWith('.js') && !url.startsWith('node:') ? [url, lineNumber, columnNumber] : own;
    if (selfSize > 0) rows.push([...at, selfSize / MEASURED]);
    for (const child of children) visit(child, at);
  };
  visit(profile.head, ['', 0, 0]);
  return rows;
}

void main();
