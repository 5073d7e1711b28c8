import { Client } from 'tencentcloud-sdk-nodejs/tencentcloud/services/cls/v20201016/cls_client.js';

import { connectTo, type Connection } from './api.ts';

/** Every action of `--with-logs`; deploy/cam-logs-policy.json allows these and no others. */
export const CLS_ACTIONS = [
  'DescribeIndex',
  'CreateIndex',
  'ModifyIndex',
  'DescribeAlarms',
  'CreateAlarm',
  'ModifyAlarm',
] as const;
export type ClsAction = (typeof CLS_ACTIONS)[number];

/** Sends one request and gives its answer, in the SDK's own types. @throws ApiError */
export type ClsCall = <A extends ClsAction>(
  action: A,
  input: Parameters<Client[A]>[0],
) => Promise<Awaited<ReturnType<Client[A]>>>;

/** The API of Cloud Log Service. @throws CommandError, SettingError as `connectTo` */
export function connectCls(connection: Connection): ClsCall {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the SDK types answers by action, unchecked
  return connectTo('cls', Client, connection) as ClsCall;
}
