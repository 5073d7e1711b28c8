import { describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readSettings } from '../../emulator/settings.ts';
import { startEmulator } from '../../emulator/emulator.ts';
import { builtCommands } from '../support/built.ts';

/** Starts `npm run emulator` with these settings and none of the shell's. */
async function run(env: Record<string, string>, command?: readonly [string, ...string[]]) {
  const [program, ...args] = command ?? [process.execPath, await builtCommands(), 'emulator'];
  const child = spawn(program, args, {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  const ended = once(child, 'close').then(() => ({ code: child.exitCode, ...output }));
  const printed = async (text: string): Promise<void> => {
    while (!output.stdout.includes(text)) await once(child.stdout, 'data');
  };
  return { child, output, ended, printed };
}

describe('the process', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    'prints where it is, serves, and ends with 0 on %s',
    async (signal) => {
      const { child, output, ended, printed } = await run({
        EMULATOR_PORT: '0',
        EMULATOR_SECRET_ID: 'AKIDTEST',
      });
      await printed('All of it');
      const [url = ''] = /http:\/\/127\.0\.0\.1:\d+/.exec(output.stdout) ?? [];
      expect(output.stdout).toContain('AKIDTEST');
      expect(output.stdout).toContain('emulator-secret-key');
      const body = /-d '(\{"id".*?\})'/.exec(output.stdout)?.[1] ?? '';
      const posted = await fetch(`${url}/_emulator/tasks`, { method: 'POST', body });
      expect([posted.status, await posted.json()]).toMatchObject([201, [{ id: 'demo-task-1' }]]);
      const fault = /-d '(\{"action".*?\})'/.exec(output.stdout)?.[1] ?? '';
      const faulted = await fetch(`${url}/_emulator/faults`, { method: 'POST', body: fault });
      expect(faulted.status).toBe(201);
      child.kill(signal);
      expect(await ended).toMatchObject({ code: 0, stderr: '' });
    },
  );

  it('ends too if npm is killed', async () => {
    const { child, output, ended, printed } = await run({ EMULATOR_PORT: '0' }, [
      'npm',
      'run',
      'emulator',
    ]);
    await printed('All of it');
    const [url = ''] = /http:\/\/127\.0\.0\.1:\d+/.exec(output.stdout) ?? [];
    child.kill('SIGTERM');
    // It resolves when no process has the pipes of its output any more.
    await ended;
    await expect(fetch(url)).rejects.toThrow();
  });

  it('says in a sentence that its port is in use', async () => {
    const other = await startEmulator();
    const { code, stderr } = await (await run({ EMULATOR_PORT: String(other.port) })).ended;
    await other.close();
    expect(code).toBe(69);
    expect(stderr).toBe(
      `The emulator cannot listen: port ${other.port} is in use. EMULATOR_PORT names another.\n`,
    );
  });

  it('names all wrong settings', async () => {
    const env = { EMULATOR_PORT: '70000', EMULATOR_CANCEL_MS: '-1', EMULATOR_SECRET_ID: 'a/b' };
    const { code, stderr } = await (await run(env)).ended;
    expect(code).toBe(78);
    expect(stderr.trim().split('\n')).toEqual([
      'EMULATOR_PORT must be an integer from 0 to 65535.',
      'EMULATOR_CANCEL_MS must be an integer from 0 to 86400000.',
      'EMULATOR_SECRET_ID must have no space, comma or slash in it.',
    ]);
  });
});

describe('readSettings', () => {
  it('has a default for everything, and takes an empty variable for none', () => {
    const defaults = {
      port: 9001,
      host: '127.0.0.1',
      secretId: 'AKIDEMULATOR',
      secretKey: 'emulator-secret-key',
      cancelMs: 1000,
    };
    expect(readSettings({})).toEqual(defaults);
    expect(readSettings({ EMULATOR_PORT: '', EMULATOR_SECRET_KEY: '' })).toEqual(defaults);
    expect(readSettings({ EMULATOR_CANCEL_MS: '0' }).cancelMs).toBe(0);
  });
});
