import { readFileSync } from 'node:fs';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { CLS_ACTIONS } from '../../../scripts/deploy/cls.ts';
import { indexFields, readLogFile } from '../../../scripts/deploy/logs.ts';
import { startCls, TOPIC, type ClsServer } from '../../support/cls-server.ts';
import { startScf, type ScfServer } from '../../support/scf/server.ts';
import { changes, makeProject, NAME, run, SECRETS, type Project } from './support.ts';

/** `--with-logs`: the official SDK sets the index and the alarms up, over a socket. */

let scf: ScfServer;
let cls: ClsServer;
let project: Project;
beforeEach(async () => {
  [scf, cls, project] = [await startScf(), await startCls(), makeProject()];
  scf.looks = 0;
});
afterEach(async () => {
  project.remove();
  await Promise.all([scf.close(), cls.close()]);
});

const NOTICE = 'notice-of-the-test';
const withLogs = (
  args: string[] = [],
  { env = {}, response }: { env?: Record<string, string>; response?: boolean } = {},
) =>
  run(project, scf, {
    args: ['--with-logs', ...args],
    env: { CLS_ENDPOINT: cls.endpoint, CLS_NOTICE_ID: NOTICE, ...TOPIC, ...env },
    ...(response !== undefined && { response }),
  });
const done = (): string[] =>
  cls.requests.splice(0).flatMap(({ action }) => (action.startsWith('Describe') ? [] : [action]));

const { alarms } = readLogFile();
const ALARMS = alarms.map(() => 'CreateAlarm');

it('sets the index and the alarms up, before the function that writes the log', async () => {
  const { exitCode } = await withLogs();
  expect([exitCode, done()]).toEqual([0, ['CreateIndex', ...ALARMS]]);
  expect(cls.index?.Rule.KeyValue).toEqual({
    CaseSensitive: true,
    KeyValues: indexFields(readLogFile()),
  });
  expect(cls.alarms.map(({ Name }) => Name)).toEqual(alarms.map(({ name }) => `${NAME} ${name}`));
  expect(cls.alarms[0]).toMatchObject({
    AlarmLevel: 2,
    AlarmNoticeIds: [NOTICE],
    MonitorTime: { Type: 'Period', Time: 5 },
    Condition: '$1.n > 0',
    AlarmTargets: [
      {
        Query: `SCF_FunctionName:"${NAME}" AND (event:"request" AND code:"upstream-credentials-rejected") | SELECT count(*) AS n`,
        LogsetId: TOPIC.CLS_LOGSET_ID,
        TopicId: TOPIC.CLS_TOPIC_ID,
        StartTimeOffset: -5,
        EndTimeOffset: 0,
        SyntaxRule: 1,
      },
    ],
  });
  const { latest } = scf.functions.get(NAME) ?? {};
  expect(latest?.config).toMatchObject({
    ClsLogsetId: TOPIC.CLS_LOGSET_ID,
    ClsTopicId: TOPIC.CLS_TOPIC_ID,
  });
  // A second time, nothing is left to do.
  const before = scf.requests.length;
  const again = await withLogs([], { response: false });
  expect([again.exitCode, done(), again.asked]).toEqual([0, [], []]);
  expect(changes({ ...scf, requests: scf.requests.slice(before) })).toEqual([]);
});

it('leaves what others have in the topic, and an alarm that somebody paused', async () => {
  const theirs = { Key: 'theirs', Value: { Type: 'text', Tokenizer: '', SqlFlag: true } };
  const status = { Key: 'status', Value: { Type: 'text', Tokenizer: '', SqlFlag: true } };
  const FullText = { CaseSensitive: true, Tokenizer: ' ' };
  cls.index = {
    Status: true,
    Rule: { FullText, KeyValue: { CaseSensitive: true, KeyValues: [theirs, status] } },
  };
  cls.alarms.push({ Name: 'theirs', AlarmId: 'alarm-of-others' });
  await withLogs();
  expect(done()).toEqual(['ModifyIndex', ...ALARMS]);
  expect(cls.index.Rule.FullText).toEqual(FullText);
  const fields = cls.index.Rule.KeyValue?.KeyValues ?? [];
  expect(fields).toEqual([theirs, ...indexFields(readLogFile())]);
  const paused = cls.alarms[1];
  Object.assign(paused ?? {}, { Status: false, Condition: '$1.n > 100' });
  const { asked } = await withLogs([], { response: true });
  expect(asked).toEqual([`alarm ${paused?.Name}, changed\nGo on?`]);
  expect([done(), cls.alarms[1]]).toEqual([
    ['ModifyAlarm'],
    { ...paused, Condition: '$1.n > 0', Status: false },
  ]);
  expect(cls.alarms[0]).toEqual({ Name: 'theirs', AlarmId: 'alarm-of-others' });
});

it('finds its alarms behind a hundred others', async () => {
  await withLogs();
  done();
  const others = Array.from({ length: 100 }, (_, i) => ({ Name: `other ${i}` }));
  cls.alarms.unshift(...others);
  await withLogs();
  expect(done()).toEqual([]);
});

it('shows all of it with what else changes, and asks once', async () => {
  const no = await withLogs([], { response: false, env: { CLS_NOTICE_ID: '' } });
  expect([no.exitCode, done(), changes(scf)]).toEqual([1, [], []]);
  const lines = [
    `${NAME} in ap-guangzhou is made: a web function with a public URL.`,
    `  index of the log topic: ${indexFields(readLogFile()).length} fields`,
    ...alarms.map(
      ({ name }) => `  alarm ${NAME} ${name}, which notifies nobody: CLS_NOTICE_ID is not set`,
    ),
    'Go on?',
  ];
  expect(no.asked).toEqual([lines.join('\n')]);
});

describe('--dry-run', () => {
  it('shows the requests, and needs no network', async () => {
    await cls.close();
    const { exitCode, out } = await withLogs(['--dry-run'], {
      env: { TENCENTCLOUD_SECRET_ID: '', TENCENTCLOUD_SECRET_KEY: '' },
    });
    expect(exitCode).toBe(0);
    const requests: { service?: string; action: string }[] = JSON.parse(out);
    const sent = requests.filter(({ service }) => service === 'cls').map(({ action }) => action);
    expect(sent).toEqual(['DescribeIndex', 'DescribeAlarms', 'CreateIndex', ...ALARMS]);
    expect(requests.map(({ action }) => action)).toContain('CreateFunction');
    for (const secret of SECRETS) expect(out).not.toContain(secret);
  });

  it('says that it needs a topic', async () => {
    const { exitCode, messages } = await withLogs(['--dry-run'], {
      env: { CLS_LOGSET_ID: '', CLS_TOPIC_ID: '' },
    });
    expect([exitCode, messages]).toEqual([
      78,
      expect.stringContaining('CLS_LOGSET_ID, CLS_TOPIC_ID:'),
    ]);
    const half = await withLogs(['--dry-run'], { env: { CLS_TOPIC_ID: '' } });
    expect([half.exitCode, half.messages]).toEqual([
      78,
      expect.stringContaining('CLS_TOPIC_ID: is not set in this shell'),
    ]);
  });
});

it.each([
  ['ResourceNotFound.TopicNotExist', 78, 'CLS_LOGSET_ID and CLS_TOPIC_ID must name'],
  ['AuthFailure.UnauthorizedOperation', 77, 'deploy/cam-logs-policy.json'],
  ['SomethingNew', 70, 'SCF or CLS'],
])('%s ends with %i, and nothing is changed', async (code, status, todo) => {
  cls.faults.set('DescribeIndex', [code]);
  const { exitCode, messages } = await withLogs();
  expect([exitCode, changes(scf), done()]).toEqual([status, [], []]);
  expect(messages).toContain(`DescribeIndex failed: ${code}`);
  expect(messages).toContain(todo);
});

it('is patient with a limit of CLS, and a run that broke off is finished by the next', async () => {
  cls.faults.set('CreateIndex', ['LimitExceeded.IndexOperating']);
  cls.faults.set('CreateAlarm', ['FailedOperation']);
  const broken = await withLogs();
  expect([broken.exitCode, changes(scf)]).toEqual([75, []]);
  done();
  expect((await withLogs()).exitCode).toBe(0);
  expect(done()).toEqual(ALARMS);
});

it('is not for going back', async () => {
  const { exitCode, messages } = await withLogs(['--rollback']);
  expect([exitCode, messages]).toEqual([64, '--with-logs and --rollback do not go together']);
});

it('refuses an endpoint that is none, and a name that is not CLS’s', async () => {
  const { exitCode, messages } = await withLogs([], {
    env: { CLS_ENDPOINT: 'https://example.com' },
  });
  expect([exitCode, messages]).toEqual([
    78,
    expect.stringContaining('CLS_ENDPOINT: must name a host'),
  ]);
});

it('the policy for it allows the actions that are used, and no others', () => {
  const { statement } = JSON.parse(readFileSync('deploy/cam-logs-policy.json', 'utf8'));
  expect(statement).toEqual([
    { effect: 'allow', action: CLS_ACTIONS.map((name) => `cls:${name}`), resource: '*' },
  ]);
});
