import { subscribe, unsubscribe } from 'node:diagnostics_channel';

import { TestEnvironment } from 'jest-environment-node';

/**
 * Node, as tests know it, and the processes of a file that failed are ended with it: what it would have
 * stopped itself may still run. A file that passed gets no such help: what it leaves open is a mistake to be seen.
 */
export default class extends TestEnvironment {
  #children = new Set();
  #hasFailed = false;
  // Node tells of every process that is started, whichever module does it.
  #note = ({ process: child }) => {
    this.#children.add(child);
    child.once('exit', () => this.#children.delete(child));
  };

  async setup() {
    await super.setup();
    subscribe('child_process', this.#note);
  }

  handleTestEvent({ name }) {
    if (/^(test_fn|hook)_failure$|^error$/.test(name)) this.#hasFailed = true;
  }

  async teardown() {
    unsubscribe('child_process', this.#note);
    if (this.#hasFailed) for (const child of this.#children) child.kill('SIGKILL');
    await super.teardown();
  }
}
