import http from 'node:http';
import https from 'node:https';

import type { DlcEndpoint } from '../../src/lib/dlc/endpoint.ts';
import { failed, ok, skipped, warning, type Finding } from './finding.ts';

/** Beyond this DLC takes no signature for good. */
const REFUSED_MS = 5 * 60 * 1000;
const WARN_MS = 60 * 1000;

interface Heard {
  /** Of the `Date` header field; undefined where there was none that can be read. */
  readonly dateMs: number | undefined;
  readonly sentMs: number;
  readonly heardMs: number;
}

/** Whether DLC answers at all, and how its clock compares: one request that is not signed and asks for nothing. */
export async function checkEndpoint(
  endpoint: DlcEndpoint,
  signal: AbortSignal,
  now: () => number,
): Promise<Finding[]> {
  const at = endpoint.connectTo ? 'the local DLC_ENDPOINT' : endpoint.name;
  try {
    const heard = await ask(endpoint, signal, now);
    return [
      ok('endpoint', `${at} answers in ${heard.heardMs - heard.sentMs} ms`),
      judgeClock(heard),
    ];
  } catch (error) {
    const code = signal.aborted ? 'no answer in time' : codeOf(error);
    const advice =
      'check DLC_ENDPOINT, name resolution, the way out (NAT, security group) and certificates; proxy variables are not heeded';
    return [
      failed('endpoint', 'unreachable', `${at} cannot be reached: ${code}`, advice),
      skipped('clock', 'there is no clock to compare with'),
    ];
  }
}

/**
 * Compares the clocks. `Date` has whole seconds, cut off, and was written somewhere between sending and
 * hearing: only what this cannot explain counts.
 */
export function judgeClock({ dateMs, sentMs, heardMs }: Heard): Finding {
  if (dateMs === undefined) return skipped('clock', 'the answer has no Date to compare with');
  const ahead = Math.max(0, sentMs - (dateMs + 1000));
  const behind = Math.max(0, dateMs - heardMs);
  const skewMs = Math.max(ahead, behind);
  const seconds = Math.round(skewMs / 1000);
  const words = `this machine is ${seconds} s ${ahead > 0 ? 'ahead of' : 'behind'} DLC`;
  const advice = 'synchronise the clock (NTP); DLC refuses signatures that are 5 minutes off';
  if (skewMs > REFUSED_MS) return failed('clock', 'clock', words, advice);
  if (skewMs > WARN_MS) return warning('clock', words, advice);
  return ok('clock', skewMs === 0 ? 'agrees with DLC' : words);
}

function ask(endpoint: DlcEndpoint, signal: AbortSignal, now: () => number): Promise<Heard> {
  const { name, protocol, connectTo } = endpoint;
  const client = protocol === 'https:' ? https : http;
  const where = connectTo ?? { host: name };
  const options = { ...where, servername: name, method: 'GET', path: '/', agent: false, signal };
  const sentMs = now();
  return new Promise((resolve, reject) => {
    const request = client.request({ ...options, headers: { host: name } }, (response) => {
      const dateMs = Date.parse(response.headers.date ?? '');
      resolve({ dateMs: Number.isNaN(dateMs) ? undefined : dateMs, sentMs, heardMs: now() });
      response.destroy();
    });
    request.on('error', reject).end();
  });
}

/** Node's own code, such as ECONNREFUSED: messages may hold addresses. */
function codeOf(error: unknown): string {
  const code: unknown = Object(error).code;
  return typeof code === 'string' && /^[A-Z0-9_]+$/.test(code) ? code : 'the connection failed';
}
