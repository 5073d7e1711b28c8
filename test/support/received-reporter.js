import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/**
 * The other half of `documented.ts`: when the whole suite has run, everything that the OpenAPI document
 * tells of must have been received by some test. Where only a part ran, nothing is said.
 */
export default class ReceivedReporter {
  constructor(config) {
    const { testPathPatterns, testNamePattern, onlyChanged, onlyFailures, shard } = config;
    const narrowing = [testPathPatterns.isSet(), testNamePattern, onlyChanged, onlyFailures, shard];
    this.isWhole = !narrowing.some(Boolean);
    this.directory = mkdtempSync(path.join(tmpdir(), 'received-'));
    process.env['API_RECEIVED'] = this.directory;
  }

  onRunComplete(_, { numFailedTests, numRuntimeErrorTestSuites, wasInterrupted }) {
    const hasFailed = numFailedTests + numRuntimeErrorTestSuites > 0 || wasInterrupted;
    const isAsked = this.isWhole && !hasFailed;
    const missing = isAsked ? this.missing() : [];
    rmSync(this.directory, { recursive: true });
    if (missing.length === 0) return;
    const list = missing.map((one) => `  ${one}`).join('\n');
    this.error = new Error(`openapi.json documents what no test received:\n${list}`);
    process.stderr.write(`${this.error.message}\n`);
  }

  getLastError() {
    return this.error;
  }

  missing() {
    const files = readdirSync(this.directory);
    const linesOf = (begin) =>
      files
        .filter((name) => name.startsWith(begin))
        .flatMap((name) => readFileSync(path.join(this.directory, name), 'utf8').split('\n'));
    const received = new Set(linesOf('received'));
    const documented = new Set(linesOf('documented'));
    if (documented.size === 0) throw new Error('no test noted what it received');
    return [...documented]
      .filter((one) => !received.has(one))
      .toSorted((a, b) => a.localeCompare(b));
  }
}
