// `--expose-gc memory.cjs [FILE EVENT COUNT]`: says on stdout as JSON what this process holds, in bytes: when it is ready, and
// after so many requests, one after the other.
'use strict';

const [, , file, event, count = '0'] = process.argv;

function held() {
  globalThis.gc();
  const { rss, heapUsed } = process.memoryUsage();
  return { rss, heapUsed };
}

async function main() {
  const loaded = file && require(file);
  const ready = held();
  for (let i = 0; i < Number(count); i += 1) await loaded.handler(JSON.parse(event), {});
  await new Promise((resolve) => setImmediate(resolve));
  process.stdout.write('\n' + JSON.stringify({ ready, after: held() }), () => process.exit(0));
}
void main();
