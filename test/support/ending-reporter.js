import { subscribe } from 'node:diagnostics_channel';

/**
 * Lets a run with failures end. A test that fails leaves open what it would have closed at its end, and jest
 * waits for that for ever, where it runs the tests itself and not in workers. Its processes are ended too.
 * A run without failures gets no such help: what it leaves open is a mistake to be seen.
 */
export default class EndingReporter {
  #isWatching;
  #children = new Set();

  constructor({ watch, watchAll }) {
    this.#isWatching = watch || watchAll;
    // Node tells of every process that is started, whichever module of a test does it.
    subscribe('child_process', ({ process: child }) => {
      this.#children.add(child);
      child.once('exit', () => this.#children.delete(child));
    });
  }

  onRunComplete(_, { success }) {
    if (success || this.#isWatching) return;
    // Jest itself needs a moment, for its summary and for what others report.
    const end = () => {
      for (const child of this.#children) child.kill('SIGKILL');
      process.exit(1);
    };
    setTimeout(end, 2000).unref();
  }
}
