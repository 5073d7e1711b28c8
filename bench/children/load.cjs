// `load.cjs gateway|'SDK directly' COUNT`: cancels one task after the other, over HTTP at `GATEWAY` or by the SDK at DLC, and writes
// to stdout as JSON how long each took, in ms.
'use strict';

const http = require('node:http');
const { performance } = require('node:perf_hooks');

const [, , way, count] = process.argv;
const agent = new http.Agent({ keepAlive: true });

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
  const call = way === 'gateway' ? byGateway() : bySdk();
  const took = [];
  const warmUp = Math.ceil(Number(count) / 4);
  for (let i = 0; i < warmUp + Number(count); i += 1) {
    const begun = performance.now();
    await call();
    if (i >= warmUp) took.push(performance.now() - begun);
  }
  process.stdout.write(`\n${JSON.stringify(took)}`, () => process.exit(0));
}
void main();
