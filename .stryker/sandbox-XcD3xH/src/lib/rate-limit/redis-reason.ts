/** Why a call failed, in words that are safe to log: Redis and Node may quote what was sent in theirs. */

const WORDS =
  /\b(NOAUTH|WRONGPASS|NOPERM|READONLY|OOM|LOADING|MISCONF|MASTERDOWN|NOREPLICAS|CLUSTERDOWN|CROSSSLOT|MOVED|ASK|TRYAGAIN|BUSY|WRONGTYPE|ERR)\b/;

const CODES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection closed',
  EPIPE: 'connection closed',
  ENOTFOUND: 'host not found',
  EAI_AGAIN: 'host not found',
  ETIMEDOUT: 'no connection in time',
};

/** @param error of the connection, or Redis's own (in a script's error its code stands in the middle) */
export function toReason(error: unknown): string {
  const { code, message } = Object(error);
  // Codes are constants of Node's and OpenSSL's: `DEPTH_ZERO_SELF_SIGNED_CERT`.
  if (typeof code === 'string') return CODES[code] ?? code;
  if (/DB index|index is out of range/i.test(String(message))) return 'no such database';
  return WORDS.exec(String(message))?.[1] ?? 'connection closed';
}
