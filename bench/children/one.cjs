// `one.cjs SECONDS`: cancels one task after the other at `GATEWAY`, and comes back when the gateway says so. Writes to stdout as JSON
// how long each took until it was accepted, in ms.
'use strict';

const { performance } = require('node:perf_hooks');
const { setTimeout: sleep } = require('node:timers/promises');

const { GATEWAY, KEY } = process.env;

/** Between two tasks: they must not all be cancelled by the same slots. */
const PAUSE_MS = 150;

async function cancelled(task) {
  for (;;) {
    const response = await fetch(`${GATEWAY}/tasks/${task}`, {
      method: 'DELETE',
      headers: { 'X-API-Key': KEY },
    });
    await response.text();
    if (response.status === 202 || response.status === 200) return;
    const after = Number(response.headers.get('retry-after'));
    if (!after) throw new Error(`answered ${response.status}`);
    await sleep(after * 1000);
  }
}

async function main() {
  const took = [];
  const ends = performance.now() + Number(process.argv[2]) * 1000;
  for (let i = 0; performance.now() < ends; i += 1) {
    const begun = performance.now();
    await cancelled(`one${i}`);
    // The first finds a cold process.
    if (i > 0) took.push(performance.now() - begun);
    await sleep(PAUSE_MS);
  }
  process.stdout.write(`\n${JSON.stringify(took)}`, () => process.exit(0));
}
void main();
