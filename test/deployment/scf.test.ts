import { expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { creationOf, triggerOf } from '../../scripts/deploy/requests.ts';
import { readServerlessFile } from '../../scripts/deploy/serverless-file.ts';
import { projectRoot } from '../support/checkout.ts';
import { built } from '../support/built.ts';
import { functionSettings } from '../support/settings-table.ts';
import { call, requireTool } from '../support/tools.ts';
import { describeWith, NEEDS_TOOLS } from '../support/needs.ts';

/** serverless.yml and serverless.event.yml, through the mappers of Tencent's own component. */

type Environment = Readonly<Record<string, string | undefined>>;
type Members = Readonly<Record<string, unknown>>;

/**
 * Resolves a file as the component's command line does: `${env:NAME}` alone is the variable, or
 * undefined, which does not outlive the JSON that goes to its engine; inside a text it is "undefined".
 */
function resolve(file: string, env: Environment): Members {
  const yaml = Object(requireTool('yaml'));
  const text = readFileSync(path.join(projectRoot, file), 'utf8');
  const whole = /^\$\{env:(\w+)\}$/;
  const inside = /\$\{(?:env:(\w+)|stage)\}/g;
  return JSON.parse(
    JSON.stringify(call(yaml, 'parse', text), (_, value: unknown) => {
      if (typeof value !== 'string') return value;
      const name = whole.exec(value)?.[1];
      if (name !== undefined) return env[name];
      return value.replaceAll(inside, (__, part?: string) => env[part ?? 'STAGE'] ?? 'undefined');
    }),
  );
}

interface Requests {
  readonly create: Members;
  readonly variables: Readonly<Record<string, string>>;
  readonly trigger: Members;
  readonly description: Members;
}

function requestsOf(file: string, env: Environment): Requests {
  const inputs = Object(resolve(file, env)['inputs']);
  const mapper = Object(requireTool('tencent-component-toolkit/lib/modules/scf/utils'));
  const create = call(mapper, 'formatInputs', inputs);
  const { default: Trigger } = Object(
    requireTool('tencent-component-toolkit/lib/modules/triggers/http'),
  );
  const { http } = inputs.events[0];
  const made = call(new Trigger({ credentials: {}, region: 'x' }), 'formatInputs', {
    inputs: { functionName: inputs.name, namespace: 'default', ...http },
  });
  const trigger = Object(made['triggerInputs']);
  const list: { Key: string; Value: string }[] = Object(create['Environment']).Variables;
  const variables = Object.fromEntries(list.map(({ Key, Value }) => [Key, Value]));
  return { create, variables, trigger, description: JSON.parse(trigger.TriggerDesc) };
}

const SET: Environment = Object.fromEntries(
  [
    ...functionSettings('scf'),
    'SCF_ROLE',
    'VPC_ID',
    'SUBNET_ID',
    'CLS_LOGSET_ID',
    'CLS_TOPIC_ID',
    'GATEWAY_JWT_SECRET',
    'GATEWAY_WEBHOOK_SECRET',
  ].map((name) => [name, `value of ${name}`]),
);
const FILES = ['serverless.yml', 'serverless.event.yml'];
const SERVER_ONLY = { CLOUD_CREDENTIALS: 'scf-headers', HOST: '0.0.0.0', PORT: '9000' };
const RUNTIME = 'Nodejs24.11';

describeWith([NEEDS_TOOLS], 'what is deployed to SCF', () => {
  it('as an event function', () => {
    const env = { ...SET, STAGE: 'prod', DLC_REGION: 'ap-guangzhou' };
    expect(requestsOf('serverless.event.yml', env).create).toMatchObject({
      FunctionName: 'dlc-task-gateway-prod',
      Type: 'Event',
      Runtime: RUNTIME,
      Handler: 'function.main_handler',
      Role: 'value of SCF_ROLE',
      Timeout: 15,
      InitTimeout: 15,
      MemorySize: 256,
      PublicNetConfig: { PublicNetStatus: 'ENABLE' },
    });
  });

  it('as a web function, with many requests to an instance', () => {
    const { create } = requestsOf('serverless.yml', { ...SET, STAGE: 'prod' });
    expect(create).toMatchObject({
      FunctionName: 'dlc-task-gateway-prod',
      Type: 'HTTP',
      Runtime: RUNTIME,
      Role: 'value of SCF_ROLE',
      Timeout: 15,
      VpcConfig: { VpcId: 'value of VPC_ID', SubnetId: 'value of SUBNET_ID' },
      InstanceConcurrencyConfig: { DynamicEnabled: 'FALSE', MaxConcurrency: 100 },
    });
    expect(create).not.toHaveProperty('Handler');
  });

  it('with the Node that scf_bootstrap starts', () => {
    const script = readFileSync(path.join(projectRoot, 'scf_bootstrap'), 'latin1');
    const major = /^Nodejs(\d+)\./.exec(RUNTIME)?.[1];
    expect(script).toMatch(/^#!\/bin\/bash\n[\x20-\x7e\n]*\n$/);
    expect(script).toContain(` /var/lang/node${major}/bin/node server.js\n`);
  });

  it.each(FILES)('by %s, with every setting of the README', (file) => {
    const { variables } = requestsOf(file, SET);
    for (const name of functionSettings('scf'))
      expect([name, variables[name]]).toEqual([name, SET[name]]);
  });

  it.each(FILES)('by %s, where nothing is set, with nothing made up', (file) => {
    const { create, variables } = requestsOf(file, { STAGE: 'dev' });
    expect(variables).toEqual(file === 'serverless.yml' ? SERVER_ONLY : {});
    expect(JSON.stringify(create)).not.toMatch(/undefined|null|\$\{/);
  });

  it.each(FILES)('by %s, with a URL that everybody reaches and the function guards', (file) => {
    const { trigger, description } = requestsOf(file, { ...SET, STAGE: 'prod' });
    expect(trigger).toMatchObject({ Type: 'http', Qualifier: '$DEFAULT', Enable: 'OPEN' });
    expect(description).toEqual({
      AuthType: 'NONE',
      NetConfig: { EnableExtranet: true, EnableIntranet: false },
      ApiGwCompatible: false,
    });
  });

  it.each(FILES)('by %s, with `npm run deploy` as with the component', (file) => {
    const real = { STAGE: 'prod', DLC_REGION: 'ap-guangzhou', SCF_ROLE: 'dlc-gateway' };
    const env = { ...SET, ...real };
    const deployment = readServerlessFile({ config: path.join(projectRoot, file) }, env);
    const { create, trigger, description } = requestsOf(file, env);
    const made = creationOf(deployment, { base64: '', bytes: 0, sha256: '' });
    // The component sends the code by way of a bucket.
    const { Code: _code, CodeSource: _source, ...ours } = made;
    expect(create).toMatchObject(ours);
    const { TriggerDesc, ...opened } = triggerOf(deployment);
    expect(trigger).toMatchObject(opened);
    expect(JSON.parse(TriggerDesc)).toEqual(description);
  });

  it.each(FILES)('by %s, from a folder that the build makes', async (file) => {
    const { src, handler } = Object(resolve(file, SET)['inputs']);
    const folder = path.join(await built(), path.relative('dist', src));
    const entry = handler ? `${handler.split('.')[0]}.js` : 'scf_bootstrap';
    expect(existsSync(path.join(folder, entry))).toBe(true);
  });
});

it.each([...FILES, 'serverless.aws.yml'])('%s names every setting of the README once', (file) => {
  const text = readFileSync(path.join(projectRoot, file), 'utf8');
  for (const name of functionSettings(file === 'serverless.aws.yml' ? 'aws' : 'scf')) {
    expect(text.match(new RegExp(`^ +${name}: \\$\\{env:${name}(, '')?\\}$`, 'gm'))).toHaveLength(
      1,
    );
  }
});
