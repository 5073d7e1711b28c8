import { CommandError } from '../cli/command-line.ts';
import { EXIT } from '../cli/exit-codes.ts';

/** A webhook that is ready to be sent: nothing in it is secret. */
export interface SignedWebhook {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** How long a sender should wait, says Standard Webhooks ("Request timeouts"). */
const TIMEOUT_MS = 15_000;

/**
 * Sends the webhook, following no redirect.
 *
 * @throws CommandError 69 if there is no response
 */
export async function send(
  webhook: SignedWebhook,
  timeoutMs = TIMEOUT_MS,
): Promise<{ status: number; body: string }> {
  const { url, headers, body } = webhook;
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const answer = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'manual' });
    return { status: answer.status, body: await answer.text() };
  } catch (error) {
    const why = signal.aborted ? 'time is up' : codeOf(error);
    throw new CommandError(
      EXIT.unavailable,
      `there was no response: ${why}; is --url right, and does the gateway run there?`,
    );
  }
}

/** `fetch` itself says only "fetch failed". */
function codeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && 'code' in cause ? String(cause.code) : 'the connection failed';
}

/** The curl command that sends the webhook, for a POSIX shell. */
export function toCurl({ url, headers, body }: SignedWebhook): string {
  const fields = Object.entries(headers).map(([name, value]) => `-H ${quote(`${name}: ${value}`)}`);
  const first = `curl -i --max-time ${TIMEOUT_MS / 1000} ${quote(url)}`;
  return [first, ...fields, `--data-raw ${quote(body)}`].join(' \\\n  ');
}

function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
