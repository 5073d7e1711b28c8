import { writeFileSync } from 'node:fs';

/** Shortens what failing tests print, says at the end what was skipped, and ends a run that failed. */

/** Of a failing test: its title, the message with the input, and the end of the stack. */
const FIRST_LINES = 22;
const LAST_LINES = 10;
const LONGEST_LINE = 400;
/** Of a file; of further ones the title alone. */
const MOST_FAILURES = 10;

export default class Report {
  #config;

  constructor(config) {
    this.#config = config;
  }

  /** Jest asks its reporters in order, so the one that prints gets the short message. */
  onTestFileResult(_, result) {
    if (result.failureMessage) result.failureMessage = shortened(result.failureMessage);
  }

  onRunComplete(_, { testResults, success }) {
    if (!this.#config.testNamePattern) process.stderr.write(skippedTests(testResults));
    const { SKIPPED_FILES } = process.env;
    if (SKIPPED_FILES) writeFileSync(SKIPPED_FILES, filesWithSkipped(testResults).join('\n'));
    // A test that failed leaves open what it would have closed, and jest waits for that in its own process.
    const { watch, watchAll } = this.#config;
    if (!success && !watch && !watchAll) setTimeout(() => process.exit(1), 2000).unref();
  }
}

/** Each failure begins with a line "  ● suite › test"; jest indents all that follows further. */
function shortened(message) {
  return message
    .split(/^(?=(?:\u001B\[[\d;]*m)*  ● )/m)
    .map((text, i) =>
      i <= MOST_FAILURES ? shortenedTest(text) : text.slice(0, text.indexOf('\n') + 1),
    )
    .join('');
}

function shortenedTest(text) {
  const lines = text
    .split('\n')
    .map((line) => (line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}…` : line));
  const left = lines.length - FIRST_LINES - LAST_LINES;
  if (left <= 1) return lines.join('\n');
  const cut = `    … ${left} lines are left out …`;
  return [...lines.slice(0, FIRST_LINES), cut, ...lines.slice(-LAST_LINES)].join('\n');
}

const isSkipped = ({ status }) => status === 'pending';

/** For `.ci/run`, which runs them once it has installed what they need. */
function filesWithSkipped(files) {
  return files.filter((file) => file.testResults.some(isSkipped)).map((file) => file.testFilePath);
}

function skippedTests(files) {
  const counts = new Map();
  for (const { fullName } of files.flatMap((file) => file.testResults.filter(isSkipped))) {
    const [, need = 'something that the test does not name'] =
      /\(needs ([^)]+)\)/.exec(fullName) ?? [];
    counts.set(need, (counts.get(need) ?? 0) + 1);
  }
  if (counts.size === 0) return '';
  const list = [...counts].map(([need, count]) => `  ${count} for want of: ${need}\n`).join('');
  return `\nSkipped tests:\n${list}Once it is there: npm test -- -t '\\(needs '\n`;
}
