import { setMaxListeners } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isIPv6 } from 'node:net';
import { serveApi } from './api.ts';
import { systemClock } from './clock.ts';
import type { Clock } from './clock.ts';
import { makeCloud } from './cloud.ts';
import type { Cloud, EmulatorStats } from './cloud.ts';
import type { TaskRequest } from './control-input.ts';
import { isControlPath, serveControl } from './control.ts';
import { Controls } from './controls.ts';
import type { TaskView } from './controls.ts';
import { errorBody } from './envelope.ts';
import { send } from './fault-responses.ts';
import type { FaultRequest, RequestFault } from './faults.ts';
import type { JournalEntry } from './journal.ts';
import { Listener } from './listener.ts';
import { Refusal } from './refusal.ts';

/** Credentials that nobody takes for real ones. */
export const defaultCredentials = {
  secretId: 'AKIDEMULATOR',
  secretKey: 'emulator-secret-key',
} as const;

export interface EmulatorOptions {
  /** 0, the default: any free one. */
  port?: number;
  /** 127.0.0.1 by default. */
  host?: string;
  /** `AKIDEMULATOR` by default. */
  secretId?: string;
  /** `emulator-secret-key` by default. */
  secretKey?: string;
  /** The session token that `X-TC-Token` must be; without one, the header is ignored. */
  token?: string;
  /** From a cancellation's acceptance to the state *cancelled*; 1000 by default, 0: at once. */
  cancelMs?: number;
  /** CancelTask requests in any second, per region; 20 by default. */
  rate?: number;
  /** The machine's by default. */
  clock?: Clock;
}

/** A running emulator. What its methods do, the control API does too: see controls.ts. */
export interface Emulator {
  readonly url: string;
  readonly port: number;
  readonly secretId: string;
  readonly secretKey: string;
  addTasks(tasks: TaskRequest | readonly TaskRequest[]): TaskView[];
  tasks(): TaskView[];
  task(id: string, region?: string): TaskView | undefined;
  addFault(faults: FaultRequest | readonly FaultRequest[]): Promise<void>;
  faults(): RequestFault[];
  clearFaults(): Promise<void>;
  stats(): EmulatorStats;
  requests(): JournalEntry[];
  reset(): Promise<void>;
  /** Ends at once, whatever hangs. */
  close(): Promise<void>;
}

/**
 * Starts an emulator of dlc.tencentcloudapi.com.
 *
 * @returns once it listens
 * @throws what the system says when it cannot listen there, such as EADDRINUSE
 */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const { port = 0, host = '127.0.0.1', token, cancelMs = 1000, rate = 20 } = options;
  const { secretId, secretKey } = { ...defaultCredentials, ...options };
  const credentials = { secretId, secretKey, ...(token === undefined ? {} : { token }) };
  const cloud = makeCloud(options.clock ?? systemClock, credentials, { cancelMs, rate });
  const ending = new AbortController();
  // One listener for each request that is made to wait: their number is the tests' own affair.
  setMaxListeners(0, ending.signal);
  const listener = new Listener(
    { host, port },
    (request, response) => void serve(cloud, controls, request, response, ending.signal),
    (request) => isControlPath(pathOf(request)),
  );
  const refusal = new Refusal(listener);
  const controls = new Controls(cloud, refusal);
  await listener.open();
  const address = {
    url: `http://${isIPv6(host) ? `[${host}]` : host}:${listener.port}`,
    port: listener.port,
  };
  const close = async (): Promise<void> => {
    ending.abort();
    refusal.cancel();
    await listener.close();
  };
  return Object.assign(controls, { ...address, secretId, secretKey, close });
}

async function serve(
  cloud: Cloud,
  controls: Controls,
  request: IncomingMessage,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  const path = pathOf(request);
  try {
    if (isControlPath(path)) await serveControl(controls, request, response);
    else if (path === '/') {
      // A clock that is told off is told off in every way: clients compare it with theirs.
      response.setHeader('date', new Date(cloud.clock.wallMs()).toUTCString());
      await serveApi(cloud, request, response, signal);
    } else send(response, 'DLC is at /, the control API at /_emulator.\n', 'text/plain', 404);
  } catch (error) {
    // A client that went away, or an emulator that ends, is no mistake of this code.
    if (response.destroyed || request.destroyed || signal.aborted) return;
    process.stderr.write(`emulator: ${error instanceof Error ? error.stack : String(error)}\n`);
    if (response.headersSent) response.destroy();
    else send(response, errorBody('InternalError', 'The emulator has a mistake: see its stderr.'));
  }
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '').split('?')[0] ?? '';
}
