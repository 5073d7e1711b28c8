import { afterAll, beforeAll } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { freePort } from './free-port.ts';
import { toolPath } from './tools.ts';
import { makeWorkingCopy, type WorkingCopy } from './working-copy.ts';

/** A documented command, pasted into bash: as it stands, but for ports that a developer may be using. */
export interface Pasted {
  /** -1 where a signal ended it. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Something that runs until it is ended, as in a terminal of its own. */
export interface Terminal {
  readonly output: () => string;
  /** Ends it as Ctrl-C does, and all that it started. */
  end(): Promise<void>;
}

type Environment = Readonly<Record<string, string>>;

export interface Shell {
  /** A text of the documents with the ports and the tools of this shell. */
  adapt(text: string): string;
  run(text: string, env?: Environment): Promise<Pasted>;
  /** Starts it, and waits for what it says when it is up. */
  start(text: string, isUp: RegExp, env?: Environment): Promise<Terminal>;
  /** Ends whatever still runs. */
  close(): Promise<void>;
}

/** What documents take from the registry, where `tools/` has the same. */
const TOOLS: Readonly<Record<string, string>> = {
  'npx openapi-typescript@7': 'openapi-typescript',
  'npx -y osls@4': 'osls',
};

/** A shell in a working copy of the project, for the tests of a file. Both are there once the tests run. */
export function shellInWorkingCopy() {
  let copy: WorkingCopy;
  let shell: Shell;
  beforeAll(async () => {
    copy = makeWorkingCopy();
    shell = await openShell(copy.folder);
  });
  afterAll(async () => {
    await shell.close();
    copy.remove();
  });
  return {
    get copy() {
      return copy;
    },
    get shell() {
      return shell;
    },
  };
}

/** @param folder where commands are run */
export async function openShell(folder: string): Promise<Shell> {
  const [gateway, emulator, playground, site, alertmanager] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ].map(String);
  const servers = { 9000: gateway, 9001: emulator, 9002: playground, 9093: alertmanager };
  const ports = new Map(Object.entries(servers));
  const ownEnv: Environment = {
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    PORT: gateway ?? '',
    EMULATOR_PORT: emulator ?? '',
    PLAYGROUND_PORT: playground ?? '',
    npm_config_update_notifier: 'false',
    PYTHONUNBUFFERED: '1',
  };
  const adapt = (text: string): string => {
    let adapted = text
      .replace(/^npm ci && /gm, '')
      .replaceAll(/127\.0\.0\.1:(900[012]|9093)\b/g, (_, port) => `127.0.0.1:${ports.get(port)}`)
      .replaceAll(
        /(127\.0\.0\.1:|http\.server |\.listen\()8080\b/g,
        (_, before) => `${before}${site}`,
      );
    for (const [written, tool] of Object.entries(TOOLS)) {
      adapted = adapted.replaceAll(written, toolPath(tool) ?? written);
    }
    return adapted;
  };
  const running: (() => Promise<void>)[] = [];
  const launch = (text: string, env: Environment, onOutput = (): void => {}) => {
    const args = ['-eo', 'pipefail', '-c', adapt(text)];
    // A group of its own: what it starts ends with it.
    const child = spawn('bash', args, { cwd: folder, detached: true, env: { ...ownEnv, ...env } });
    child.stdin.end();
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (chunk: string) => {
        output[name] += chunk;
        onOutput();
      });
    }
    return { child, output, ended: once(child, 'close') };
  };
  return {
    adapt,
    async run(text, env = {}) {
      const { child, output, ended } = launch(text, env);
      await ended;
      return { status: child.exitCode ?? -1, ...output };
    },
    async start(text, isUp, env = {}) {
      let look = (): void => {};
      const { child, output, ended } = launch(text, env, () => look());
      const all = (): string => output.stdout + output.stderr;
      const end = async (): Promise<void> => {
        const isThere = child.exitCode === null && child.signalCode === null;
        if (isThere && child.pid !== undefined) process.kill(-child.pid, 'SIGINT');
        await ended;
      };
      running.push(end);
      const up = new Promise<void>((resolve) => {
        look = () => isUp.test(all()) && resolve();
      });
      await Promise.race([up, ended]);
      if (!isUp.test(all())) throw new Error(`it ended early: ${all()}`);
      return { output: all, end };
    },
    async close() {
      for (const end of running) await end();
    },
  };
}

/** What `npm start` says when it is up. */
export const IS_UP = /Ctrl-C ends/;
