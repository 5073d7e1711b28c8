import http from 'node:http';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';

import { Problem, type ProblemCode } from '../problem.ts';
import { refusedRequest, type HttpRequest, type HttpResponse } from './message.ts';
import { fromNode, writeToNode, type Arrival } from './node.ts';
import { writeRaw } from './raw-answer.ts';

interface Serves {
  serve(request: HttpRequest): Promise<HttpResponse>;
}

/** How long a connection may take over its parts, so that slow callers starve nobody. */
const TIMEOUTS = {
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 1000,
  /** For a caller that is still sending when its answer is out. */
  lingerMs: 1000,
};

/** One request that has not been answered yet. */
interface UnderWay {
  readonly message: http.IncomingMessage;
  readonly breakOff: (reason: Problem) => void;
  readonly answered: Promise<unknown>;
}

/** @param timeouts milliseconds, where they are to be others than the defaults */
export function createHttpServer(
  gateway: Serves,
  timeouts: Partial<typeof TIMEOUTS> = {},
): http.Server {
  const { lingerMs, ...limits } = { ...TIMEOUTS, ...timeouts };
  const server = http.createServer({ ...limits, requireHostHeader: false });
  // Node would drop what comes after the 2000th field; their size is limited all the same.
  server.maxHeadersCount = 0;
  const underWay = new Map<Duplex, Set<UnderWay>>();

  const serve = (message: http.IncomingMessage, target: http.ServerResponse): void => {
    const { request, forget } = arrive(message, target, underWay);
    gateway
      .serve(request)
      .then((response) =>
        writeToNode(message, target, response, { closes: !server.listening, lingerMs }),
      )
      .catch(() => target.destroy())
      .finally(forget);
  };
  /** Answers, in its turn, what never became a request with a response of its own. */
  const refuse = async (socket: Duplex, request: HttpRequest): Promise<void> => {
    await Promise.all([...(underWay.get(socket) ?? [])].map(({ answered }) => answered));
    writeRaw(socket, await gateway.serve(request), lingerMs);
  };

  server.on('request', serve);
  server.on('checkContinue', serve);
  // An expectation that Node does not know would get a 417 without a body.
  server.on('checkExpectation', serve);
  server.on('connect', (message, socket) => {
    // Node has taken all its own listeners off.
    socket.on('error', () => socket.destroy());
    void refuse(socket, { ...fromNode(arrivalOf(message)), readBody: noBody });
  });
  const refused = new WeakSet<Duplex>();
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    // Whatever else arrives on this connection is not understood either.
    if (refused.has(socket)) return;
    refused.add(socket);
    if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
    const problem = new Problem(codeFor(error.code));
    const unfinished = [...(underWay.get(socket) ?? [])].find(({ message }) => !message.complete);
    if (unfinished) unfinished.breakOff(problem);
    else void refuse(socket, refusedRequest(problem));
  });
  return server;
}
