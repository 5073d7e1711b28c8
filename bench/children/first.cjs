// `first.cjs FILE EVENT`: loads it, lets it answer one event, and ends with 0 where the task was cancelled.
'use strict';

const [, , file, event] = process.argv;
require(file)
  .handler(JSON.parse(event), {})
  .then(({ statusCode }) => process.exit(statusCode === 200 || statusCode === 202 ? 0 : 1));
