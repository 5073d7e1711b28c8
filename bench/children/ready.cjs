// `ready.cjs [FILE]`: loads it, as a platform does, and ends.
'use strict';

const [, , file] = process.argv;
if (file) require(file);
process.exit(0);
