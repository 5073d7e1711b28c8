// A stand-in for DLC that takes every cancellation, `dlc.cjs DELAY` milliseconds after it has come: signatures, limits and states are
// the emulator's, whose work would be measured along. Says its port to its parent, and the time of each arrival where it is asked to.
'use strict';

const http = require('node:http');

const [, , delay = '0'] = process.argv;
let isWatching = false;

const answer = Buffer.from(
  JSON.stringify({ Response: { RequestId: '7e9b7e4c-5f30-4b3d-a3b6-2a7ce5a4dd52' } }),
);
const headers = { 'content-type': 'application/json', 'content-length': answer.length };

function reply(response) {
  response.writeHead(200, headers).end(answer);
}

const server = http.createServer((request, response) => {
  if (isWatching) process.send({ arrivedNs: String(process.hrtime.bigint()) });
  request.resume();
  request.on('end', () => {
    if (Number(delay) > 0) setTimeout(reply, Number(delay), response);
    else reply(response);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', 1024, () => process.send({ port: server.address().port }));
process.on('message', (watch) => (isWatching = watch));
process.on('disconnect', () => process.exit());
