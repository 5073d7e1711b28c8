import { afterEach, expect, it } from '@jest/globals';
import path from 'node:path';

import { readServerlessFile } from '../../scripts/deploy/serverless-file.ts';
import { startEmulator, type Emulator } from '../../emulator/emulator.ts';
import { SCF_CONTEXT } from '../support/both-ways.ts';
import { projectRoot } from '../support/checkout.ts';
import { send } from '../support/http-client.ts';
import { keyEntry } from '../support/key-entry.ts';
import { startFunction, startServer, type FunctionProcess } from '../support/processes.ts';

/**
 * Twenty callers at once, each with a task of its own, through both forms as SCF runs them: with the variables that the
 * serverless files give, in as many instances as the reserved quota allows. DLC takes 20 cancellations a second.
 */

const CALLERS = Array.from({ length: 20 }, (_, i) => ({
  key: `key-of-one-of-twenty-callers-${i}`,
  task: `t${i}`,
}));

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function startDlc(): Promise<Emulator> {
  const dlc = await startEmulator({ cancelMs: 0, rate: 20 });
  closing.push(() => dlc.close());
  dlc.addTasks(CALLERS.map(({ task }) => ({ id: task, state: 'running' })));
  return dlc;
}

function variablesOf(file: string, { url, secretId, secretKey }: Emulator, instances: number) {
  const shell = {
    DLC_REGION: 'ap-guangzhou',
    SCF_ROLE: 'dlc-gateway',
    DLC_ENDPOINT: url,
    EXPECTED_INSTANCES: String(instances),
    API_KEYS: JSON.stringify(CALLERS.map(({ key }, i) => keyEntry(key, { id: `caller${i}` }))),
  };
  const { variables } = readServerlessFile({ config: path.join(projectRoot, file) }, shell);
  const role = { TENCENTCLOUD_SECRETID: secretId, TENCENTCLOUD_SECRETKEY: secretKey };
  return { ...variables, ...role, TENCENTCLOUD_RUNENV: 'SCF' };
}

/** An instance of an event function gets an event only when it has none; if all are busy, SCF refuses the request itself. */
async function askFunction(
  instances: readonly FunctionProcess[],
): Promise<(number | 'refused by SCF')[]> {
  const idle = [...instances];
  return Promise.all(
    CALLERS.map(async ({ key, task }) => {
      const instance = idle.pop();
      if (!instance) return 'refused by SCF';
      const headers = { 'x-api-key': key };
      const event = {
        httpMethod: 'DELETE',
        path: `/tasks/${task}`,
        headers,
        queryString: {},
        body: '',
      };
      const { statusCode } = await instance.invoke(event, SCF_CONTEXT);
      idle.push(instance);
      return statusCode;
    }),
  );
}

it('one instance of the web function serves all twenty', async () => {
  const dlc = await startDlc();
  const settings = variablesOf('serverless.yml', dlc, 1);
  const server = await startServer({ ...settings, HOST: '127.0.0.1', PORT: '0' });
  closing.push(() => server.stop());
  const responses = await Promise.all(
    CALLERS.map(({ key, task }) =>
      send(server.port, {
        method: 'DELETE',
        path: `/tasks/${task}`,
        headers: { 'X-API-Key': key },
      }),
    ),
  );
  expect(responses.map(({ status }) => status)).toEqual(CALLERS.map(() => 202));
  expect(dlc.stats().cancelled.toSorted()).toEqual(CALLERS.map(({ task }) => task).toSorted());
});

it.each([1, 5])(
  'of the event function, %i instances serve as many, and SCF refuses the others',
  async (count) => {
    const dlc = await startDlc();
    const settings = variablesOf('serverless.event.yml', dlc, count);
    const instances = await Promise.all(
      Array.from({ length: count }, () => startFunction(settings)),
    );
    for (const instance of instances) closing.push(() => instance.stop());
    const responses = await askFunction(instances);
    expect(responses.filter((status) => status === 202)).toHaveLength(count);
    expect(responses.filter((status) => status === 'refused by SCF')).toHaveLength(20 - count);
    expect(dlc.stats().cancelled).toHaveLength(count);
  },
);
