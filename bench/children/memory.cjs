// `--expose-gc memory.cjs [FILE]`: writes to stdout how many bytes this process has resident after it has loaded the file.
'use strict';

const [, , file] = process.argv;
if (file) require(file);
globalThis.gc();
process.stdout.write(`\n${process.memoryUsage().rss}`, () => process.exit(0));
