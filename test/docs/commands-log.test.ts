import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { startEmulator } from '../../emulator/emulator.ts';
import { commandsFor } from '../support/documented-commands.ts';
import { describeWith, itWith } from '../support/needs.ts';
import { openShell, type Shell } from '../support/paste.ts';
import { KEY, keyEntry, startGateway } from '../support/three-callers.ts';

/** The lines of jq for a log, over a log that the gateway wrote. */

const commands = commandsFor('commands-log');
const tracing = commands.block('docs/observability.md', '# all that was decided about it');
const codes = commands.block(
  'docs/operations.md',
  'jq -r \'select(.event == "request" and .code) | .code\' gateway.log | sort | uniq -c | sort -rn',
);
const digest = commands.block('docs/operations.md', 'printf %s "$KEY" | sha256sum');
const limited = commands.block(
  'docs/operations.md',
  'jq -r \'select(.event == "request" and .code == "upstream-rate-limited") | .principal\' gateway.log | sort | uniq -c',
);

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
let folder: string;
let shell: Shell;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'log-'));
  shell = await openShell(folder);
  const emulator = await startEmulator({ cancelMs: 0, rate: 100_000 });
  emulator.addTasks({ id: 'X', state: 'running' });
  const gateway = startGateway(emulator.port, { MAX_ATTEMPTS: '1', TASK_STATE_LOOKUP: 'off' });
  const key = ['X-API-Key', KEY] as const;
  const trace = ['traceparent', `00-${TRACE}-00f067aa0ba902b7-01`] as const;
  await gateway.send('DELETE', '/tasks/X', [key, trace, ['X-Request-Id', 'R']]);
  await gateway.send('DELETE', '/tasks/X', [['X-API-Key', 'another']]);
  await emulator.addFault({ action: 'CancelTask', kind: 'reset-after' });
  await gateway.send('DELETE', '/tasks/X', [key]);
  await emulator.addFault({ action: 'CancelTask', kind: 'code', code: 'AuthFailure' });
  await gateway.send('DELETE', '/tasks/X', [key]);
  await emulator.addFault({ action: 'CancelTask', kind: 'code', code: 'RequestLimitExceeded' });
  await gateway.send('DELETE', '/tasks/X', [key]);
  await emulator.close();
  for (const name of ['log', 'gateway.log']) {
    writeFileSync(path.join(folder, name), gateway.log.map((line) => `${line.trim()}\n`).join(''));
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Each line of the block asks one question; the comment before it says which. */
const questions = tracing
  .split('\n')
  .flatMap((line, i, all) => (line.startsWith('#') ? [[line.slice(2), all[i + 1] ?? '']] : []));

const ANSWERS: Readonly<Record<string, RegExp>> = {
  // An intent and a result for each of the four that were allowed, a result for the refusal.
  'all that was decided about it': /^(\[".*\]\n){9}$/,
  'one request from its arrival to DLC and back (LOG_LEVEL=debug for the calls)':
    /"phase":"intent"[^]*"event":"slot"[^]*"event":"call"[^]*"phase":"result"[^]*"event":"request"/,
  'the same across services': new RegExp(`("traceId":"${TRACE}"[^\\n]*\\n[^]*){3}`),
  'cancellations of which it is unknown whether they took effect': /^\S+Z\tX\tap-guangzhou\t.+\n$/,
  'who is refused, and why': /^ +1 nobody\tunauthenticated\n$/,
  'what needs an engineer': /^\{.*"code":"upstream-credentials-rejected".*\}\n$/,
};

it('each question has an answer here', () => {
  expect(questions.map(([about]) => about)).toEqual(Object.keys(ANSWERS));
});

describeWith(['jq'], 'over a log', () => {
  it.each(questions)('%s', async (about = '', line = '') => {
    const { status, stdout, stderr } = await shell.run(line);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(ANSWERS[about] ?? /never/);
  });

  it('which codes, how often', async () => {
    expect(
      (await shell.run(codes)).stdout
        .trim()
        .split(/\s*\n\s*/)
        .toSorted(),
    ).toEqual([
      '1 unauthenticated',
      '1 upstream-credentials-rejected',
      '1 upstream-rate-limited',
      '1 upstream-unreachable',
    ]);
  });

  it('who asks for more than DLC takes', async () => {
    expect((await shell.run(limited)).stdout).toMatch(/^ +1 key:k\n$/);
  });
});

itWith(['sha256sum'], 'the SHA-256 of a key, as its entry has it', async () => {
  const { stdout } = await shell.run(digest, { KEY });
  expect(keyEntry(KEY)).toMatchObject({ sha256: stdout.split(' ')[0] });
});

it('is all that is run here', () => commands.expectAllRun());
