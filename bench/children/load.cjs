// `load.cjs sdk|gateway CONCURRENCY COUNT`: makes so many cancellations, so many at once, and says on stdout as JSON how long each
// took, in ms. Both ways from a process of its own: over HTTP to the gateway at `GATEWAY`, or by the SDK to DLC.
'use strict';

const http = require('node:http');
const { performance } = require('node:perf_hooks');

const [, , way, concurrency, count] = process.argv;
const agent = new http.Agent({ keepAlive: true, maxSockets: Number(concurrency) });

function bySdk() {
  return require('./sdk.cjs').handler;
}

function byGateway() {
  const { port, hostname } = new URL(process.env.GATEWAY);
  const headers = { 'X-API-Key': process.env.KEY };
  let last = 0;
  return () =>
    new Promise((resolve, reject) => {
      const path = `/tasks/t${(last += 1)}`;
      const request = http.request({ hostname, port, agent, path, method: 'DELETE', headers });
      request.on('error', reject);
      request.on('response', (response) => {
        response.resume();
        if (response.statusCode !== 202) reject(new Error(`answered ${response.statusCode}`));
        response.on('end', resolve);
      });
      request.end();
    });
}

async function main() {
  const call = way === 'sdk' ? bySdk() : byGateway();
  const took = [];
  const work = async (times) => {
    let left = times;
    const one = async () => {
      while ((left -= 1) >= 0) {
        const begun = performance.now();
        await call();
        took.push(performance.now() - begun);
      }
    };
    await Promise.all(Array.from({ length: Number(concurrency) }, one));
  };
  await work(Number(count) / 4);
  took.length = 0;
  await work(Number(count));
  process.stdout.write('\n' + JSON.stringify(took), () => process.exit(0));
}
void main();
