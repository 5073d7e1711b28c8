import { readFileSync } from 'node:fs';
import path from 'node:path';

import type {
  AlarmInfo,
  CreateAlarmRequest,
  DescribeIndexResponse,
  KeyValueInfo,
  RuleInfo,
} from 'tencentcloud-sdk-nodejs/tencentcloud/services/cls/v20201016/cls_models.js';

import { root } from '../places.ts';
import { ApiError } from './api-errors.ts';
import type { ClsCall } from './cls.ts';
import type { Deployment } from './deployment.ts';
import { covers } from './requests.ts';

/**
 * Makes a function's log in Cloud Log Service (CLS) searchable, and watches it: what deploy/cls.json says. SCF delivers
 * a line that is one JSON object with its members as fields of their own ("Custom Log Fields" in its documentation).
 */

export interface LogsRun {
  readonly call: ClsCall;
  /** The function that the alarms are about: a topic may have the lines of several. */
  readonly name: string;
  readonly topic: NonNullable<Deployment['cls']>;
  /** Who is notified: `CLS_NOTICE_ID`; absent: what is set stays. */
  readonly noticeId: string | undefined;
}

/** One thing that is changed. */
export interface Step {
  readonly says: string;
  readonly send: () => Promise<unknown>;
}

export interface LogFile {
  readonly index: {
    /** Fields whose value is one word, whatever signs it has. */
    readonly exact: readonly string[];
    /** Fields that single words are looked for in. */
    readonly words: readonly string[];
    readonly numbers: readonly string[];
  };
  /** By the title of the entry in docs/operations.md. */
  readonly queries: Readonly<Record<string, string>>;
  readonly alarms: readonly {
    readonly name: string;
    readonly severity: keyof typeof LEVELS;
    readonly query: string;
    readonly condition: string;
    /** How far the query looks back, and how often it is asked. */
    readonly minutes: number;
  }[];
}

export function readLogFile(): LogFile {
  return JSON.parse(readFileSync(path.join(root, 'deploy/cls.json'), 'utf8'));
}

/** What is to be changed, in order; it only looks. */
export async function planLogs(run: LogsRun): Promise<Step[]> {
  const file = readLogFile();
  return [...(await indexSteps(run, file)), ...(await alarmSteps(run, file))];
}

/** Brings what is wanted into the index, and leaves what others have in it. */
async function indexSteps({ call, topic }: LogsRun, file: LogFile): Promise<Step[]> {
  const { topicId: TopicId } = topic;
  const found = await call('DescribeIndex', { TopicId }).catch(
    (error: unknown): DescribeIndexResponse => {
      if (error instanceof ApiError && error.code === 'ResourceNotFound.IndexNotExist') return {};
      throw error;
    },
  );
  const there = found.Rule?.KeyValue?.KeyValues ?? [];
  const wanted = indexFields(file);
  const missing = wanted.filter(({ Key, Value: { Type, SqlFlag } }) => {
    const same = there.find((one) => one.Key === Key);
    return !covers(same?.Value, { Type, SqlFlag });
  });
  if (missing.length === 0 && found.Status !== false) return [];
  const isOurs = new Set(missing.map(({ Key }) => Key));
  const KeyValues = [...there.filter(({ Key }) => !isOurs.has(Key)), ...missing];
  const Rule: RuleInfo = {
    ...withoutNothing(found.Rule),
    KeyValue: { CaseSensitive: true, KeyValues },
  };
  const action = found.Rule ? 'ModifyIndex' : 'CreateIndex';
  const says = `index of the log topic: ${missing.length} fields`;
  return [{ says, send: () => call(action, { TopicId, Status: true, Rule }) }];
}

/** CLS gives `null` for what is not set, and takes none. */
function withoutNothing(rule: RuleInfo = {}): RuleInfo {
  return Object.fromEntries(Object.entries(rule).filter(([, value]) => value !== null));
}

const WORDS = '@&?|#()=\'",;:<>[]{}/ \n\t\r\\';

const text = (Tokenizer: string) => (Key: string) => ({
  Key,
  Value: { Type: 'text', SqlFlag: true, Tokenizer, ContainZH: false },
});

/** The fields as CLS takes them. Every one may stand in SQL. */
export function indexFields({ index }: Pick<LogFile, 'index'>): KeyValueInfo[] {
  return [
    ...index.exact.map(text('')),
    ...index.words.map(text(WORDS)),
    ...index.numbers.map((Key) => ({ Key, Value: { Type: 'double', SqlFlag: true } })),
  ];
}

async function alarmSteps(run: LogsRun, file: LogFile): Promise<Step[]> {
  const { call, noticeId, topic } = run;
  const there = await alarmsOf(call, topic.topicId);
  return file.alarms.flatMap((alarm) => {
    const wanted = alarmOf(run, alarm);
    const found = there.find(({ Name }) => Name === wanted.Name);
    if (covers(found, wanted)) return [];
    const id = found?.AlarmId;
    if (id === undefined) {
      const says = `alarm ${wanted.Name}${noticeId === undefined ? ', which notifies nobody: CLS_NOTICE_ID is not set' : ''}`;
      return [{ says, send: () => call('CreateAlarm', wanted) }];
    }
    const says = `alarm ${wanted.Name}, changed`;
    return [{ says, send: () => call('ModifyAlarm', { AlarmId: id, ...wanted }) }];
  });
}

const PAGE = 100;
const MAX_PAGES = 100;

async function alarmsOf(call: ClsCall, topicId: string): Promise<AlarmInfo[]> {
  const all: AlarmInfo[] = [];
  const Filters = [{ Key: 'topicId', Values: [topicId] }];
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const { Alarms } = await call('DescribeAlarms', { Filters, Offset: page * PAGE, Limit: PAGE });
    all.push(...(Alarms ?? []));
    if ((Alarms ?? []).length < PAGE) break;
  }
  return all;
}

/** CLS: 0 is a warning, 2 is critical. */
const LEVELS = { page: 2, ticket: 0 } as const;
/** CQL: in Lucene's syntax, CLS's other one, more signs have a meaning. */
const CQL = 1;
/** An alarm that goes on is repeated after an hour. */
const REPEAT_MINUTES = 60;

/** Whether the alarm is switched on is not in it: somebody may have paused it. */
function alarmOf(
  { name, topic, noticeId }: LogsRun,
  { name: kind, severity, query, condition, minutes }: LogFile['alarms'][number],
): CreateAlarmRequest {
  const [search = '', analysis = ''] = query.split(' | ');
  const target = {
    TopicId: topic.topicId,
    LogsetId: topic.logsetId,
    Query: `SCF_FunctionName:"${name}" AND (${search}) | ${analysis}`,
    Number: 1,
    StartTimeOffset: -minutes,
    EndTimeOffset: 0,
    SyntaxRule: CQL,
  };
  return {
    Name: `${name} ${kind}`,
    AlarmTargets: [target],
    MonitorTime: { Type: 'Period', Time: minutes },
    Condition: condition,
    TriggerCount: 1,
    AlarmPeriod: REPEAT_MINUTES,
    AlarmLevel: LEVELS[severity],
    ...(noticeId !== undefined && { AlarmNoticeIds: [noticeId] }),
  };
}
