// `cpu.cjs FILE COUNT`, the events as JSON on stdin: answers them in turn, warm, and says on stdout what CPU time one takes, in us.
'use strict';

const { text } = require('node:stream/consumers');
const { setImmediate } = require('node:timers/promises');

const [, , file, count] = process.argv;

async function main() {
  const { handler } = require(file);
  const events = JSON.parse(await text(process.stdin));
  const serve = async (times) => {
    for (let i = 0; i < times; i += 1) {
      const { statusCode } = await handler(events[i % events.length], {});
      if (statusCode !== 200 && statusCode !== 202) throw new Error(`answered ${statusCode}`);
    }
  };
  await serve(Number(count) / 2);
  const before = process.cpuUsage();
  await serve(Number(count));
  const { user, system } = process.cpuUsage(before);
  // What the log still has to write comes first.
  await setImmediate();
  process.stdout.write('\n' + String((user + system) / Number(count)), () => process.exit(0));
}
void main();
