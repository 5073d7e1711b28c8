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
import type { ControlAccess } from './control.ts';
import { Controls } from './controls.ts';
import type { TaskView } from './controls.ts';
import { errorBody } from './envelope.ts';
import type { FaultRequest, RequestFault } from './faults.ts';
import { pathOf, send } from './http.ts';
import type { JournalEntry } from './journal.ts';
import { Listener } from './listener.ts';
import { Refusal } from './refusal.ts';

/** Credentials that do not look like real ones. */
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
  /** The session token that `X-TC-Token` must have; without one, the header is ignored. */
  token?: string;
  /** From a cancellation's acceptance to the state *cancelled*; 1000 by default, 0: at once. */
  cancelMs?: number;
  /** CancelTask requests in any second, per region; 20 by default. */
  rate?: number;
  /** The machine's by default. */
  clock?: Clock;
  /** The only Origin that may use the control API; none by default. */
  controlOrigin?: string;
}

/** A running emulator. Its methods do what the control API does: see controls.ts. */
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
  /** Ends at once, with the requests that are in flight. */
  close(): Promise<void>;
}

/**
 * Starts an emulator of dlc.tencentcloudapi.com.
 *
 * @returns once it listens
 * @throws the system's error if it cannot listen there, such as EADDRINUSE
 */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const { port = 0, host = '127.0.0.1', token, cancelMs = 1000, rate = 20 } = options;
  const { secretId, secretKey } = { ...defaultCredentials, ...options };
  const credentials = { secretId, secretKey, ...(token === undefined ? {} : { token }) };
  const cloud = makeCloud(options.clock ?? systemClock, credentials, { cancelMs, rate });
  const ending = new AbortController();
  // Each delayed request adds a listener: any number of them is right.
  setMaxListeners(0, ending.signal);
  const listener = new Listener(
    { host, port },
    (request, response) =>
      void serve({ cloud, controls, access, signal: ending.signal }, request, response),
    (request) => isControlPath(pathOf(request)),
  );
  const access = { host, origin: options.controlOrigin };
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

interface Served {
  cloud: Cloud;
  controls: Controls;
  access: ControlAccess;
  signal: AbortSignal;
}

async function serve(
  { cloud, controls, access, signal }: Served,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = pathOf(request);
  try {
    if (isControlPath(path)) await serveControl(controls, request, response, access);
    else if (path === '/') {
      // Clients compare this header with their own clock, so it shows the emulator's.
      response.setHeader('date', new Date(cloud.clock.wallMs()).toUTCString());
      await serveApi(cloud, request, response, signal);
    } else send(response, 'DLC is at /, the control API at /_emulator.\n', 'text/plain', 404);
  } catch (error) {
    // A disconnected client or a closed emulator is not a mistake of this code.
    if (response.destroyed || request.destroyed || signal.aborted) return;
    process.stderr.write(`emulator: ${error instanceof Error ? error.stack : String(error)}\n`);
    if (response.headersSent) response.destroy();
    else send(response, errorBody('InternalError', 'The emulator has a mistake: see its stderr.'));
  }
}
