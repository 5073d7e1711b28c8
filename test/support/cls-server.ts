import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

import type {
  AlarmInfo,
  RuleInfo,
} from 'tencentcloud-sdk-nodejs/tencentcloud/services/cls/v20201016/cls_models.js';

import { errorBody, successBody } from '../../emulator/envelope.ts';
import { readBody } from '../../emulator/http.ts';
import { portOf } from './http-client.ts';
import { authenticate } from './scf/server.ts';
import { ScfRefusal } from './scf/state.ts';

/** A stand-in for the API of Cloud Log Service: one topic with its index and alarms; checks signatures. */
export interface ClsServer {
  readonly endpoint: string;
  readonly requests: { readonly action: string; readonly input: Record<string, unknown> }[];
  /** Whose there are others beside ours. */
  index: { Status: boolean; Rule: RuleInfo } | undefined;
  readonly alarms: AlarmInfo[];
  /** Codes that the next requests of an action are refused with. */
  readonly faults: Map<string, string[]>;
  close(): Promise<unknown>;
}

export const TOPIC = { CLS_LOGSET_ID: 'logset-of-the-test', CLS_TOPIC_ID: 'topic-of-the-test' };

export async function startCls(): Promise<ClsServer> {
  const cls: ClsServer = {
    endpoint: '',
    requests: [],
    index: undefined,
    alarms: [],
    faults: new Map(),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
  const server = createServer((request, response) => void serve(cls, request, response));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return Object.assign(cls, { endpoint: `http://127.0.0.1:${portOf(server)}` });
}

async function serve(
  cls: ClsServer,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = (await readBody(request, 1024 * 1024)) ?? Buffer.alloc(0);
  const action = String(request.headers['x-tc-action']);
  response.setHeader('content-type', 'application/json');
  try {
    authenticate(request, body, 'cls', '2020-10-16');
    const input = JSON.parse(body.toString('utf8'));
    cls.requests.push({ action, input });
    const code = cls.faults.get(action)?.shift();
    if (code !== undefined) throw new ScfRefusal(code);
    response.end(successBody(perform(cls, action, input)));
  } catch (error) {
    if (!(error instanceof ScfRefusal)) throw error;
    response.end(errorBody(error.code, error.message));
  }
}

function perform(cls: ClsServer, action: string, input: Record<string, unknown>): object {
  const { TopicId = TOPIC.CLS_TOPIC_ID, AlarmId, ...rest } = Object(input);
  if (TopicId !== TOPIC.CLS_TOPIC_ID) throw new ScfRefusal('ResourceNotFound.TopicNotExist');
  const act = ACTIONS[action];
  if (!act) throw new ScfRefusal('InvalidAction');
  return act(cls, rest, AlarmId);
}

type Act = (cls: ClsServer, input: Record<string, unknown>, id: unknown) => object;

const ACTIONS: Readonly<Record<string, Act>> = {
  DescribeIndex({ index }) {
    if (!index) throw new ScfRefusal('ResourceNotFound.IndexNotExist');
    return { ...index, Rule: { FullText: null, ...index.Rule } };
  },
  CreateIndex(cls, { Rule }) {
    if (cls.index) throw new ScfRefusal('InvalidParameter.IndexConflict');
    cls.index = { Status: true, Rule: validRule(Rule) };
    return {};
  },
  ModifyIndex(cls, { Rule, Status }) {
    if (!cls.index) throw new ScfRefusal('ResourceNotFound.IndexNotExist');
    cls.index = { Status: Status === true, Rule: validRule(Rule) };
    return {};
  },
  DescribeAlarms({ alarms }, { Offset, Limit }) {
    const from = Number(Offset);
    return { Alarms: alarms.slice(from, from + Number(Limit)), TotalCount: alarms.length };
  },
  CreateAlarm(cls, alarm) {
    if (cls.alarms.some(({ Name }) => Name === alarm['Name'])) {
      throw new ScfRefusal('InvalidParameter.AlarmConflict');
    }
    const AlarmId = `alarm-${cls.alarms.length}`;
    cls.alarms.push({ ...alarm, AlarmId, Status: true });
    return { AlarmId };
  },
  ModifyAlarm(cls, alarm, id) {
    const at = cls.alarms.findIndex(({ AlarmId }) => AlarmId === id);
    if (at < 0) throw new ScfRefusal('ResourceNotFound.AlarmNotExist');
    cls.alarms[at] = { ...cls.alarms[at], ...alarm };
    return {};
  },
};

/** The rules of the SDK's comments on `KeyValueInfo` and `ValueInfo`. @throws ScfRefusal */
function validRule(given: unknown): RuleInfo {
  const rule: RuleInfo = Object(given);
  const fields = rule.KeyValue?.KeyValues ?? [];
  const isValid =
    Object.values(Object(given)).every((part) => part !== null) &&
    fields.length <= 300 &&
    new Set(fields.map(({ Key }) => Key)).size === fields.length &&
    fields.every(
      ({ Key, Value: { Type, Tokenizer, ContainZH } }) =>
        /^[A-Za-z0-9./@-][\w./@-]*$/.test(Key) &&
        (Type === 'text' || (['long', 'double'].includes(Type) && !Tokenizer && !ContainZH)),
    );
  if (!isValid) throw new ScfRefusal('InvalidParameter');
  return rule;
}
