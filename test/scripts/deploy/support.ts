import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { endingOf } from '../../../scripts/cli/run.ts';
import { deployWith } from '../../../scripts/commands/deploy.ts';
import { SCF_CREDENTIALS, type ScfServer } from '../../support/scf/server.ts';

export const NAME = 'dlc-task-gateway-dev';
const SHA256 = 'a'.repeat(64);
export const WEBHOOK_SECRET = 'whsec_cGxhbnRlZCB3ZWJob29rIHNlY3JldCBvZiB0aGUgdGVzdA==';

const JWT_SECRET = 'planted-jwt-secret-that-is-no-special-text';

/** A project of its own: the real serverless files beside packages of small files. */
export function makeProject(changeYaml = (yaml: string) => yaml) {
  const folder = mkdtempSync(path.join(tmpdir(), 'deploy-'));
  const read = (file: string) => readFileSync(path.resolve(file), 'utf8');
  const [config = '', eventConfig = ''] = ['serverless.yml', 'serverless.event.yml'].map((file) => {
    writeFileSync(path.join(folder, file), changeYaml(read(file)));
    return path.join(folder, file);
  });
  for (const packed of ['dist/function', 'dist/web/config']) {
    mkdirSync(path.join(folder, packed), { recursive: true });
  }
  const write = (file: string, text: string, mode = 0o644): void =>
    writeFileSync(path.join(folder, 'dist', file), text, { mode });
  write('function/function.js', 'exports.main_handler = 1;');
  write('web/server.js', 'serve(1);');
  write('web/scf_bootstrap', '#!/bin/bash\n', 0o755);
  return {
    config,
    eventConfig,
    write,
    remove: () => rmSync(folder, { recursive: true }),
  };
}

export type Project = ReturnType<typeof makeProject>;

/** What somebody has in the shell who deploys; secrets that must not come out are in it. */
export const SHELL = {
  ...SCF_CREDENTIALS,
  DLC_REGION: 'ap-guangzhou',
  SCF_ROLE: 'dlc-gateway',
  API_KEYS: JSON.stringify([{ id: 'reporting', sha256: SHA256, scopes: ['tasks:cancel'] }]),
  WEBHOOK_SENDERS: JSON.stringify([{ id: 'hub', secrets: ['env:GATEWAY_WEBHOOK_SECRET'] }]),
  GATEWAY_WEBHOOK_SECRET: WEBHOOK_SECRET,
  GATEWAY_JWT_SECRET: JWT_SECRET,
};

export interface Outcome {
  readonly exitCode: number;
  /** Results. */
  readonly out: string;
  /** Progress and the error. */
  readonly messages: string;
  /** How long it waited, in ms; nobody waits in a test. */
  readonly waited: number;
  /** What it asked, each with all that it had said before. */
  readonly asked: readonly string[];
}

/**
 * Deploys in this process, without a build, on a clock that stands still but for its waits.
 *
 * @param options `answer`: what the user says at the terminal; `nobody`: there is none; absent: `--yes` is given
 */
export async function run(
  project: Project,
  scf: Pick<ScfServer, 'endpoint'> | undefined,
  {
    args = [],
    env = {},
    response,
  }: { args?: string[]; env?: Record<string, string>; response?: boolean | 'nobody' } = {},
): Promise<Outcome> {
  const asked: string[] = [];
  const confirm = async (question: string): Promise<boolean> => {
    asked.push([...messages, question].join('\n'));
    return response === true;
  };
  const out: string[] = [];
  const messages: string[] = [];
  let time = 0;
  const around = {
    env: { ...SHELL, ...(scf && { SCF_ENDPOINT: scf.endpoint }), ...env },
    waiting: { now: () => time, sleep: async (ms: number) => void (time += ms) },
    out: (line: string) => void out.push(line),
    progress: (line: string) => void messages.push(line),
    ...(typeof response === 'boolean' && { confirm }),
  };
  const given = [
    ...(args.includes('--config') ? [] : ['--config', project.config]),
    ...(response === undefined ? ['--yes'] : []),
  ];
  let exitCode = 0;
  try {
    await deployWith(around).parseAsync(['--no-build', ...given, ...args], { from: 'user' });
  } catch (error) {
    const ending = endingOf(error);
    messages.push(ending.message);
    ({ exitCode } = ending);
  }
  return { exitCode, out: out.join('\n'), messages: messages.join('\n'), waited: time, asked };
}

/** What was sent, but for what only looks. */
export function changes(scf: Pick<ScfServer, 'requests'>): string[] {
  return scf.requests.map(({ action }) => action).filter((action) => !/^(Get|List)/.test(action));
}

/** Every secret of the shell, in each form that it could come out in. */
export const SECRETS = [
  ...Object.values(SCF_CREDENTIALS),
  JWT_SECRET,
  WEBHOOK_SECRET,
  WEBHOOK_SECRET.slice('whsec_'.length),
  Buffer.from(WEBHOOK_SECRET).toString('base64').slice(0, 40),
];
