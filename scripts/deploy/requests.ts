import type {
  CreateFunctionRequest,
  CreateTriggerRequest,
  GetFunctionResponse,
  UpdateFunctionConfigurationRequest,
} from 'tencentcloud-sdk-nodejs/tencentcloud/services/scf/v20180416/scf_models.js';

import type { Package } from './pack.ts';
import type { Deployment } from './deployment.ts';

/** What SCF is asked for, made of a deployment. */

type Configuration = Omit<UpdateFunctionConfigurationRequest, 'FunctionName'>;

/** Everything but the code. The runtime is not in it: SCF cannot change a function's (the model's comment). */
export function configurationOf(deployment: Deployment): Configuration {
  const { memorySize, timeout, initTimeout, role, vpcConfig, cls } = deployment;
  const Variables = Object.entries(deployment.variables).map(([Key, Value]) => ({ Key, Value }));
  return {
    MemorySize: memorySize,
    Timeout: timeout,
    ...(initTimeout !== undefined && { InitTimeout: initTimeout }),
    ...(role !== undefined && { Role: role }),
    Environment: { Variables },
    PublicNetConfig: { PublicNetStatus: 'ENABLE', EipConfig: { EipStatus: 'DISABLE' } },
    ...(vpcConfig && { VpcConfig: { VpcId: vpcConfig.vpcId, SubnetId: vpcConfig.subnetId } }),
    ...(cls && { ClsLogsetId: cls.logsetId, ClsTopicId: cls.topicId }),
    ...concurrencyOf(deployment),
  };
}

/** Of a web function alone: how many requests an instance takes at once. Empty: one. */
function concurrencyOf({ type, instanceConcurrencyConfig: given }: Deployment) {
  if (type !== 'web' || !given) return {};
  const { enable, dynamicEnabled, maxConcurrency } = given;
  const on = { DynamicEnabled: dynamicEnabled ? 'TRUE' : 'FALSE', MaxConcurrency: maxConcurrency };
  return { InstanceConcurrencyConfig: enable ? on : { DynamicEnabled: '' } };
}

export function creationOf(deployment: Deployment, code: Package): CreateFunctionRequest {
  const { name, type, runtime, handler } = deployment;
  return {
    FunctionName: name,
    Type: type === 'web' ? 'HTTP' : 'Event',
    Runtime: runtime,
    ...(type === 'event' && handler !== undefined && { Handler: handler }),
    CodeSource: 'ZipFile',
    Code: { ZipFile: code.base64 },
    ...configurationOf(deployment),
  };
}

/** Whether a function, or a published version of it, is configured as wanted. */
export function isConfigured(found: GetFunctionResponse, deployment: Deployment): boolean {
  const { PublicNetConfig: _, Environment, ...wanted } = configurationOf(deployment);
  const handler = deployment.type === 'event' ? { Handler: deployment.handler } : {};
  return (
    covers(found, { ...wanted, ...handler }) &&
    covers(variablesOf(found.Environment), variablesOf(Environment)) &&
    covers(variablesOf(Environment), variablesOf(found.Environment))
  );
}

/** A function's variables by their names. */
export function variablesOf(environment: Configuration['Environment']): Record<string, string> {
  return Object.fromEntries(
    (environment?.Variables ?? []).map(({ Key = '', Value = '' }) => [Key, Value]),
  );
}

/** Whether everything that is wanted is there; there may be more. */
export function covers(found: unknown, wanted: unknown): boolean {
  if (typeof wanted !== 'object' || wanted === null) return found === wanted;
  const there = new Map(Object.entries(Object(found)));
  return Object.entries(wanted).every(
    ([key, value]) => value === undefined || covers(there.get(key), value),
  );
}

/** Memory, in MB, that bounds the instances; none where Redis lets them share DLC's limit. */
export function reservedMemory({
  variables,
  memorySize,
}: Pick<Deployment, 'variables' | 'memorySize'>): number | undefined {
  if (variables['REDIS_URL']) return undefined;
  return memorySize * Number(variables['EXPECTED_INSTANCES'] ?? 1);
}

export function triggerOf({
  name,
  url,
}: Deployment): CreateTriggerRequest & { TriggerDesc: string } {
  const { enableIntranet, enableExtranet } = url.netConfig;
  const description = {
    AuthType: url.authType,
    NetConfig: { EnableIntranet: enableIntranet, EnableExtranet: enableExtranet },
    ...(url.apiGwCompatible !== undefined && { ApiGwCompatible: url.apiGwCompatible }),
  };
  const TriggerDesc = JSON.stringify(description);
  const named = {
    FunctionName: name,
    TriggerName: url.name ?? 'url-trigger',
    Type: 'http',
    Qualifier: url.qualifier,
  };
  return { ...named, TriggerDesc, Enable: 'OPEN' };
}

/** Whether a function URL is open as wanted. */
export function isOpened(
  found: { TriggerDesc?: string; Enable?: number },
  wanted: string,
): boolean {
  return found.Enable !== 0 && covers(parseDescription(found.TriggerDesc), JSON.parse(wanted));
}

/** The public address in a trigger's description: `NetConfig.ExtranetUrl`, which SCF adds. */
export function publicUrl(found: { TriggerDesc?: string } | undefined): string | undefined {
  const address: unknown = Object(
    Object(parseDescription(found?.TriggerDesc)).NetConfig,
  ).ExtranetUrl;
  return typeof address === 'string' && address !== '' ? address.replace(/\/+$/, '') : undefined;
}

function parseDescription(text = ''): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
