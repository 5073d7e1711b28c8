import { Client } from 'tencentcloud-sdk-nodejs/tencentcloud/services/scf/v20180416/scf_client.js';

import { connectTo, type Connection } from './api.ts';

/** Every action that a deployment needs; deploy/cam-deployer-policy.json allows these and no others. */
export const ACTIONS = [
  'GetFunction',
  'CreateFunction',
  'UpdateFunctionCode',
  'UpdateFunctionConfiguration',
  'GetReservedConcurrencyConfig',
  'PutReservedConcurrencyConfig',
  'ListVersionByFunction',
  'PublishVersion',
  'GetAlias',
  'CreateAlias',
  'UpdateAlias',
  'ListTriggers',
  'CreateTrigger',
  'UpdateTrigger',
] as const;
export type Action = (typeof ACTIONS)[number];

/** Sends one request and gives its answer, in the SDK's own types. @throws ApiError */
export type Call = <A extends Action>(
  action: A,
  input: Parameters<Client[A]>[0],
) => Promise<Awaited<ReturnType<Client[A]>>>;

/** SCF's API. @throws CommandError, SettingError as `connectTo` */
export function connect(connection: Connection): Call {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the SDK types answers by action, unchecked
  return connectTo('scf', Client, connection) as Call;
}
