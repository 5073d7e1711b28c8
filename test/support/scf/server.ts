import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

import { errorBody, successBody } from '../../../emulator/envelope.ts';
import { readBody } from '../../../emulator/http.ts';
import { headerValues, parseAuthorization, verifySignature } from '../../../emulator/signature.ts';
import { perform } from './actions.ts';
import { ScfRefusal, type ScfWorld } from './state.ts';

/** What goes wrong with the next request of an action: a code that SCF answers with, or its connection. */
export interface ScfFault {
  readonly action: string;
  /** `reset-before` the request takes effect, or `reset-after` it did; else an error's code. */
  readonly kind: string;
  readonly message?: string;
  /** How often; 1 by default. */
  times?: number;
}

/** A stand-in for SCF's API that keeps functions and checks signatures, and for the functions' URLs. */
export interface ScfServer extends ScfWorld {
  readonly endpoint: string;
  readonly requests: { readonly action: string; readonly input: Record<string, unknown> }[];
  readonly faults: ScfFault[];
  /** Statuses that `/healthz` of function URLs answers with before it answers 200. */
  readonly healthz: number[];
  /** What `/readyz` answers before it answers 200; an older gateway has no such path. */
  readonly readyz: { status: number; problem?: object }[];
  close(): Promise<void>;
}

export const SCF_CREDENTIALS = {
  TENCENTCLOUD_SECRET_ID: 'AKIDdeployerOfTheTest',
  TENCENTCLOUD_SECRET_KEY: 'planted-secret-key-of-the-test',
  TENCENTCLOUD_SESSION_TOKEN: 'planted-session-token-of-the-test',
};

export async function startScf(): Promise<ScfServer> {
  const state = {
    functions: new Map(),
    looks: 1,
    endsIn: new Map(),
    url: '',
    requests: [] as ScfServer['requests'],
  };
  const scf = {
    ...state,
    faults: [] as ScfFault[],
    healthz: [] as number[],
    readyz: [] as ScfServer['readyz'],
  };
  const server = createServer((request, response) => void serve(scf, request, response));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const endpoint = `http://127.0.0.1:${port}`;
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  };
  return Object.assign(scf, { endpoint, url: endpoint, close });
}

type Answering = Omit<ScfServer, 'endpoint' | 'close'>;

async function serve(
  scf: Answering,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = (await readBody(request, 64 * 1024 * 1024)) ?? Buffer.alloc(0);
  if (request.url === '/healthz') {
    response.writeHead(scf.healthz.shift() ?? 200).end('{"status":"ok"}');
    return;
  }
  if (request.url === '/readyz') {
    const { status, problem = {} } = scf.readyz.shift() ?? { status: 200 };
    response.writeHead(status).end(JSON.stringify(problem));
    return;
  }
  const action = String(request.headers['x-tc-action']);
  const fault = takeFault(scf.faults, action);
  if (fault?.kind === 'reset-before') return void request.socket.destroy();
  response.setHeader('content-type', 'application/json');
  try {
    authenticate(request, body, 'scf', '2018-04-16');
    const input = JSON.parse(body.toString('utf8'));
    scf.requests.push({ action, input });
    if (fault && fault.kind !== 'reset-after') throw new ScfRefusal(fault.kind, fault.message);
    const done = perform(scf, action, input);
    if (fault) request.socket.destroy();
    else response.end(successBody(done));
  } catch (error) {
    if (!(error instanceof ScfRefusal)) throw error;
    response.end(errorBody(error.code, error.message));
  }
}

function takeFault(faults: ScfFault[], action: string): ScfFault | undefined {
  const fault = faults.find((one) => one.action === action);
  if (!fault) return undefined;
  fault.times = (fault.times ?? 1) - 1;
  if (fault.times <= 0) faults.splice(faults.indexOf(fault), 1);
  return fault;
}

/** As the emulator of DLC does it, for another service. @throws ScfRefusal */
export function authenticate(
  { method = '', rawHeaders, headers }: IncomingMessage,
  body: Buffer,
  service: string,
  version: string,
): void {
  const authorization = parseAuthorization(headers.authorization);
  const timestamp = String(headers['x-tc-timestamp']);
  const signed = { method, query: '', rawHeaders, body };
  const context = { secretKey: SCF_CREDENTIALS.TENCENTCLOUD_SECRET_KEY, service, timestamp };
  const isRight =
    authorization?.secretId === SCF_CREDENTIALS.TENCENTCLOUD_SECRET_ID &&
    headers.host?.startsWith(`${service}.tencentcloudapi.com`) &&
    headers['x-tc-version'] === version &&
    headerValues(rawHeaders, 'x-tc-token')[0] === SCF_CREDENTIALS.TENCENTCLOUD_SESSION_TOKEN &&
    verifySignature(signed, authorization, context);
  if (!isRight) throw new ScfRefusal('AuthFailure.SignatureFailure');
}
