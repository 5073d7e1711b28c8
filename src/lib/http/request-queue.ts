import type { Duplex } from 'node:stream';

/** Serves one request. Resolves when its response is out, or its connection closed; never rejects. */
type Job = () => Promise<unknown>;

/** How long requests are started in one turn of the event loop: a slot is lost if its timer comes 80 ms late. */
const SLICE_MS = 1;

/**
 * libuv accepts one connection a turn: a client without an open one would wait for seconds during a
 * flood. So while connections come, up to so many turns in a row serve nothing.
 */
const MAX_IDLE_TURNS = 16;

/** A connection on which so many pipelined requests wait is not read further. */
const MAX_PIPELINED = 16;

/**
 * Requests wait here, so that a flood of them never keeps the event loop from other work. Connections are
 * served in turns, one request each: a caller that pipelines gains nothing by it. The requests of one
 * connection are served one after the other, as HTTP/1.1 asks of their responses.
 */
export function createRequestQueue() {
  /** Of each connection, the job that runs, or has its turn next, and those behind it. */
  const jobs = new WeakMap<Duplex, Job[]>();
  /** While there are any, the next turn is on its way. */
  let ready: Duplex[] = [];
  let [hasAccepted, idleTurns] = [false, 0];

  const nextTurn = (): void =>
    void setImmediate(() => {
      const waits = hasAccepted && idleTurns < MAX_IDLE_TURNS;
      [hasAccepted, idleTurns] = [false, waits ? idleTurns + 1 : 0];
      if (waits) nextTurn();
      else void runSlice();
    });
  const enqueue = (socket: Duplex): void => {
    if (ready.push(socket) === 1) nextTurn();
  };
  const serveNext = async (socket: Duplex): Promise<void> => {
    const queued = jobs.get(socket) ?? [];
    if (socket.isPaused() && queued.length <= MAX_PIPELINED) socket.resume();
    // Nobody gets the responses on a connection that closes: the requests left on it are not served.
    if (socket.writable) await queued[0]?.();
    queued.shift();
    if (queued.length > 0) enqueue(socket);
  };
  const runSlice = async (): Promise<void> => {
    await afterMicrotasks();
    const end = performance.now() + SLICE_MS;
    let served = 0;
    for (const socket of ready) {
      void serveNext(socket);
      served += 1;
      await afterMicrotasks();
      if (performance.now() >= end) break;
    }
    ready = ready.slice(served);
    if (ready.length > 0) nextTurn();
  };
  return {
    add(socket: Duplex, job: Job): void {
      const queued = jobs.get(socket) ?? [];
      queued.push(job);
      if (queued.length > MAX_PIPELINED) socket.pause();
      if (queued.length > 1) return;
      jobs.set(socket, queued);
      enqueue(socket);
    },
    /** Says that a connection was accepted: more may wait, and one is accepted in each turn. */
    accepted: () => void (hasAccepted = true),
    /** Whether no request waits behind the one that this connection's job serves. */
    isLast: (socket: Duplex) => (jobs.get(socket)?.length ?? 0) <= 1,
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
