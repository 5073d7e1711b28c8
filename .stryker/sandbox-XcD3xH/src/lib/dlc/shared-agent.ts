import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import tls from 'node:tls';
import type { Socket } from 'node:net';

import { DeadlinePassed, untilAborted, within } from '../deadline.ts';
import type { DlcEndpoint } from './endpoint.ts';

/**
 * Longest that an idle connection is kept. After a freeze of the process an older one may be dead
 * without a trace, and a request on it would hang.
 */
const MAX_IDLE_MS = 4000;

/** A connection that was in use so shortly before has hardly been closed since, whatever happened to the process. */
const FRESH_MS = 20;

const OPTIONS = {
  keepAlive: true,
  noDelay: true,
  timeout: MAX_IDLE_MS,
  scheduling: 'lifo',
} as const;

/** So many connections are opened ahead at once; each carries a dozen requests a second and more. */
const MOST_OPENING = 8;

/** Whatever cannot be had so soon has to be seen to by the call itself. */
const LONGEST_OPENING_MS = 1000;

/** The connections to DLC, shared by all calls of the process: they and their TLS sessions are reused. */
export interface Connections {
  readonly agent: http.Agent;
  /** Takes what the other side has closed, or may have, out of the agent's hands. */
  dropDead(): void;
  /** Whether some have been idle for so long that the process may have been frozen meanwhile, and has not read yet that they are closed. */
  mayBeDead(): boolean;
  /**
   * Sees to it that the next call finds a connection that is set up. Resolves when there is one, when
   * it cannot be had soon (the call will find out why), and when the signal is aborted.
   */
  ready(signal: AbortSignal): Promise<void>;
}

export function createConnections(endpoint: DlcEndpoint): Connections {
  const agent = endpoint.protocol === 'https:' ? new https.Agent(OPTIONS) : new http.Agent(OPTIONS);
  agent.on('free', (socket: Socket) => idleSince.set(socket, Date.now()));
  const open = opener(agent, endpoint);
  /** Set up, and not yet asked for by the agent. */
  const ahead: Socket[] = [];
  const opening = new Set<Promise<void>>();
  agent.createConnection = (given) => {
    const socket = withoutDead(ahead).pop();
    if (!socket) return open(given);
    socket.removeListener('timeout', destroyIt).removeListener('error', ignore).ref();
    return socket;
  };

  async function openAhead(): Promise<void> {
    const socket = open(optionsFor(agent, endpoint)).unref();
    idleSince.set(socket, Date.now());
    // With the timeout that the agent's options give it.
    // Read, or it would not be noticed that the other side closes it.
    socket.on('timeout', destroyIt).on('error', ignore).resume();
    const event = pendingEvent(socket);
    const isSetUp = await new Promise<boolean>((resolve) => {
      socket.once(event ?? 'connect', () => resolve(true)).once('close', () => resolve(false));
    });
    if (isSetUp) ahead.push(socket);
  }

  const dropDead = (): void => {
    for (const sockets of Object.values(agent.freeSockets)) withoutDead(sockets ?? []);
    withoutDead(ahead);
  };
  return {
    agent,
    dropDead,
    mayBeDead() {
      const pooled = Object.values(agent.freeSockets).flatMap((sockets) => sockets ?? []);
      // What is being opened may be there after that turn of the event loop.
      return opening.size > 0 || [...pooled, ...ahead].some(isNotFresh);
    },
    async ready(signal) {
      dropDead();
      const isPooled = Object.values(agent.freeSockets).some((sockets) => sockets?.length);
      if (ahead.length > 0 || isPooled) return;
      if (opening.size < MOST_OPENING) {
        const one = openAhead().finally(() => opening.delete(one));
        opening.add(one);
      }
      const any = Promise.race(opening);
      await within(LONGEST_OPENING_MS, signal, (bounded) =>
        untilAborted(any, bounded, () => new DeadlinePassed()).catch(() => undefined),
      );
    },
  };
}

type ConnectOptions = Parameters<http.Agent['createConnection']>[0];

function opener(agent: http.Agent, endpoint: DlcEndpoint): (given: ConnectOptions) => Socket {
  const { connectTo, protocol } = endpoint;
  if (connectTo && protocol === 'http:') {
    return ({ timeout }) =>
      net.connect({ ...connectTo, ...(timeout !== undefined && { timeout }) });
  }
  if (connectTo) return (given) => tls.connect({ ...given, ...connectTo, path: undefined });
  const ofNode = agent.createConnection.bind(agent);
  return (given) => {
    const socket = ofNode(given);
    if (socket instanceof net.Socket) return socket;
    throw new TypeError('the agent gave no socket');
  };
}

/** What the agent would give for a request's connection, so that both share their TLS sessions. */
function optionsFor(agent: http.Agent, { name }: DlcEndpoint) {
  const options = { ...OPTIONS, host: name, port: agent.defaultPort, servername: name };
  return { ...options, _agentKey: agent.getName(options) };
}

/** What a socket must still tell before anything can be written to it; nothing if it is ready. */
export function pendingEvent(socket: Socket): 'connect' | 'secureConnect' | undefined {
  // A socket whose first request was given up at once waits among the idle ones, still connecting.
  if (socket instanceof tls.TLSSocket) {
    return 'secureConnecting' in socket && socket.secureConnecting ? 'secureConnect' : undefined;
  }
  return socket.connecting ? 'connect' : undefined;
}

const idleSince = new WeakMap<Socket, number>();

/**
 * Takes those out that the other side has closed, or may have: timers do not run in a frozen process,
 * so their age is looked at again before use. The agent itself skips dead ones only at the beginning.
 */
function withoutDead(sockets: Socket[]): Socket[] {
  const now = Date.now();
  const dead = sockets.filter(
    (socket) =>
      !socket.readable || !socket.writable || now - (idleSince.get(socket) ?? now) >= MAX_IDLE_MS,
  );
  for (const socket of dead) {
    sockets.splice(sockets.indexOf(socket), 1);
    socket.destroy();
  }
  return sockets;
}

const isNotFresh = (socket: Socket): boolean =>
  Date.now() - (idleSince.get(socket) ?? 0) > FRESH_MS;

function destroyIt(this: Socket): void {
  this.destroy();
}

/** The call that needs a connection will have the same error. */
function ignore(): void {}
