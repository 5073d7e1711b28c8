import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

import type { Problem } from '../problem.ts';
import type { Arrival } from './node.ts';

/** The requests of each connection that are not answered yet, in the order of their arrival. */
export interface UnderWay {
  /** Takes a request in, until its answer is out or its connection closed. */
  add(message: IncomingMessage, target: ServerResponse): Arrival;
  /**
   * Tells the request whose body is still arriving that the rest of it will not be understood.
   *
   * @returns whether there is one; it is then answered like any other
   */
  breakOff(socket: Duplex, reason: Problem): boolean;
  /** Whether nothing came after it on its connection. */
  isLast(message: IncomingMessage): boolean;
  /** Waits until all that is under way on a connection is answered. */
  settled(socket: Duplex): Promise<void>;
}

interface Entry {
  readonly message: IncomingMessage;
  readonly broken: AbortController;
  readonly answered: Promise<unknown>;
}

export function createUnderWay(): UnderWay {
  const bySocket = new WeakMap<Duplex, Set<Entry>>();
  const entriesOf = (socket: Duplex): Entry[] => [...(bySocket.get(socket) ?? [])];
  return {
    add(message, target) {
      const { socket } = message;
      const gone = new AbortController();
      const broken = new AbortController();
      const answered = new Promise((resolve) => target.once('close', resolve));
      const entry = { message, broken, answered };
      bySocket.set(socket, (bySocket.get(socket) ?? new Set()).add(entry));
      target.once('close', () => {
        bySocket.get(socket)?.delete(entry);
        if (!target.writableFinished) gone.abort(new Error('the caller has gone'));
      });
      const inviteBody = (): void => {
        if (message.headers.expect?.toLowerCase() === '100-continue') target.writeContinue();
      };
      return { message, gone: gone.signal, broken: () => broken.signal, inviteBody };
    },
    breakOff(socket, reason) {
      const unfinished = entriesOf(socket).find(({ message }) => !message.complete);
      unfinished?.broken.abort(reason);
      return unfinished !== undefined;
    },
    isLast: (message) => entriesOf(message.socket).at(-1)?.message === message,
    async settled(socket) {
      await Promise.all(entriesOf(socket).map(({ answered }) => answered));
    },
  };
}
