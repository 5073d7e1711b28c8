import type { Duplex } from 'node:stream';

/** Serves one request. Resolves when its response is out, or its connection closed; never rejects. */
type Job = () => Promise<unknown>;

/** Requests wait here, so that a flood of them never keeps the event loop from other work. */
export interface RequestQueue {
  add(connection: Duplex, job: Job): void;
  /** Says that a connection was accepted: more may wait, and one is accepted in each turn. */
  accepted(): void;
  /** Whether no request waits behind the one that this connection's job serves. */
  isLast(connection: Duplex): boolean;
}

/**
 * How long requests are started in one turn of the event loop. Between turns, timers and the responses
 * of DLC get theirs: a slot is lost if its timer comes 80 ms late.
 */
const SLICE_MS = 1;

/**
 * libuv accepts one connection a turn: a client without an open one would wait for seconds during a
 * flood. So while connections come, up to so many turns in a row serve nothing.
 */
const MAX_IDLE_TURNS = 16;

/** A connection on which so many pipelined requests wait is not read further. */
const MAX_PIPELINED = 16;

interface Connection {
  readonly socket: Duplex;
  readonly waiting: Job[];
  isServed: boolean;
}

/**
 * Serves the connections in turns, one request each: a caller that pipelines gains nothing by it. The
 * requests of one connection are served one after the other, as HTTP/1.1 asks of their responses.
 */
export function createRequestQueue(): RequestQueue {
  const bySocket = new WeakMap<Duplex, Connection>();
  let ready: Connection[] = [];
  let isRunning = false;
  let [hasAccepted, idleTurns] = [false, 0];

  const nextTurn = (): void =>
    void setImmediate(() => {
      const waits = hasAccepted && idleTurns < MAX_IDLE_TURNS;
      [hasAccepted, idleTurns] = [false, waits ? idleTurns + 1 : 0];
      if (waits) nextTurn();
      else void runSlice();
    });
  const enqueue = (connection: Connection): void => {
    connection.isServed = true;
    ready.push(connection);
    if (isRunning) return;
    isRunning = true;
    nextTurn();
  };
  const serveNext = async (connection: Connection): Promise<void> => {
    const { socket, waiting } = connection;
    const job = waiting.shift();
    if (socket.isPaused() && waiting.length < MAX_PIPELINED) socket.resume();
    // Nobody hears the responses of a connection that closes: the requests left on it are not served.
    if (job && socket.writable) await job();
    connection.isServed = false;
    if (waiting.length > 0) enqueue(connection);
  };
  const runSlice = async (): Promise<void> => {
    await afterMicrotasks();
    const end = performance.now() + SLICE_MS;
    let served = 0;
    while (served < ready.length && performance.now() < end) {
      const connection = ready[served];
      served += 1;
      if (connection) void serveNext(connection);
      await afterMicrotasks();
    }
    ready = ready.slice(served);
    isRunning = ready.length > 0;
    if (isRunning) nextTurn();
  };
  return {
    add(socket, job) {
      const connection = bySocket.get(socket) ?? { socket, waiting: [], isServed: false };
      bySocket.set(socket, connection);
      connection.waiting.push(job);
      if (connection.waiting.length >= MAX_PIPELINED) socket.pause();
      if (!connection.isServed) enqueue(connection);
    },
    accepted: () => void (hasAccepted = true),
    isLast: (socket) => !bySocket.get(socket)?.waiting.length,
  };
}

/**
 * Resolves when all that a request has set off without waiting for anything is done: Node runs what
 * `nextTick` was given in a microtask after all microtasks, those that they make among them.
 */
async function afterMicrotasks(): Promise<void> {
  await Promise.resolve();
  await new Promise<void>((resolve) => process.nextTick(resolve));
}
