import { randomUUID } from 'node:crypto';

import { webhookSenderEntries } from '../../src/lib/webhooks/sender-entries.ts';
import { matching, print, readSecret, variableName, wrongUsage } from '../cli/command-line.ts';
import { EXIT } from '../cli/exit-codes.ts';
import { progressLine } from '../cli/terminal.ts';
import { send, toCurl, type SignedWebhook } from './webhook-send.ts';
import { deliveryOf } from './webhook-kinds.ts';
import {
  cancelTaskBody,
  newWebhookKeyPair,
  newWebhookSecret,
  webhookHeaders,
} from './webhook-sign.ts';

interface Options {
  readonly url?: string;
  readonly task?: string;
  readonly region?: string;
  readonly id?: string;
  readonly kind?: string;
  readonly via?: string;
  readonly timestampHeader?: string;
  readonly pointer?: string;
  readonly secretEnv?: readonly string[];
  readonly secretStdin?: true;
  readonly print?: true;
  readonly newSecret?: true;
  readonly newKeyPair?: true;
  readonly sender: string;
  readonly json?: true;
}

/** The variable that holds the secret, unless an option names others. */
const SECRET = 'GATEWAY_WEBHOOK_SECRET';

/** Sends or prints a webhook, or prints a new secret. @returns the exit code @throws CommandError 64, 65, 69 */
export async function webhook(options: Options): Promise<number> {
  if (options.newSecret || options.newKeyPair) return (printSecret(options), 0);
  return act(options, await toWebhook(options));
}

async function act(options: Options, signed: SignedWebhook): Promise<number> {
  if (options.print) {
    print(options.json, signed, toCurl(signed));
    return 0;
  }
  const progress = progressLine();
  progress('Waiting for the response …');
  const { status, body } = await send(signed).finally(() => progress(''));
  const id = signed.headers['Webhook-Id'];
  const response = { ...(id !== undefined && { id }), status, body };
  print(options.json, response, `${status}\n${pretty(body)}`);
  return status >= 200 && status < 300 ? 0 : EXIT.failed;
}

const toId = matching(/^[A-Za-z0-9_-]{1,128}$/, '--id must be 1 to 128 of A-Z a-z 0-9 _ -');

/** The webhook that the options ask for. @throws CommandError 64, 65 */
async function toWebhook(options: Options): Promise<SignedWebhook> {
  const { url, task: taskId } = options;
  if (!url || !taskId) throw wrongUsage(`${url ? '--task' : '--url'} is missing; see --help`);
  const { protocol = '', username = '' } = URL.canParse(url) ? new URL(url) : {};
  if (!/^https?:$/.test(protocol) || username) {
    throw wrongUsage(
      '--url must be an address that begins with http:// or https://, without a user name',
    );
  }
  const id = toId(options.id ?? `msg_${randomUUID()}`);
  const now = Date.now();
  if (options.kind !== undefined) return toDelivery(options, { url, taskId, id, now });
  const body = cancelTaskBody({ taskId, region: options.region }, now);
  const message = { id, timestamp: Math.floor(now / 1000), body };
  return { url, headers: webhookHeaders(message, await readSecrets(options)), body };
}

/** A delivery in the form of a kind of senders. @throws CommandError 64, 65 */
async function toDelivery(
  { kind = '', via, timestampHeader, pointer, region, print: isPrinted, ...options }: Options,
  { url, ...known }: { url: string; taskId: string; id: string; now: number },
): Promise<SignedWebhook> {
  const [secret = '', ...more] = await readSecrets(options);
  if (more.length > 0) throw wrongUsage('--kind takes one secret');
  const made = deliveryOf(kind, secret, { ...known, region, via, timestampHeader, pointer });
  if (isPrinted && !made.isSigned) {
    throw wrongUsage('--print would show the secret, which this kind sends as it is');
  }
  return { url, headers: made.headers, body: made.body };
}

async function readSecrets(options: Pick<Options, 'secretEnv' | 'secretStdin'>): Promise<string[]> {
  const { secretEnv: named, secretStdin: stdin = false } = options;
  if (stdin && named) throw wrongUsage('give one of --secret-env and --secret-stdin');
  const variables = named ?? [SECRET];
  return Promise.all(variables.map((variable) => readSecret({ variable, stdin }, process.env)));
}

function pretty(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), undefined, 2);
  } catch {
    return body;
  }
}

function printSecret(options: Options): void {
  const [named = SECRET, ...more] = options.secretEnv ?? [];
  if (more.length > 0) throw wrongUsage('a new secret goes into one variable');
  const variable = variableName(named);
  const pair = options.newKeyPair ? newWebhookKeyPair() : undefined;
  const secret = pair?.privateKey ?? newWebhookSecret();
  const entry = { id: options.sender, secrets: [pair?.publicKey ?? `env:${variable}`] };
  if (!webhookSenderEntries.safeParse([entry]).success) {
    throw wrongUsage('--sender must be 1 to 64 of A-Z a-z 0-9 _ -');
  }
  const where = pair
    ? 'set it where webhooks are sent from'
    : 'set it at the sender and at the gateway';
  print(
    options.json,
    { secret, variable, ...(pair && { publicKey: pair.publicKey }), entry },
    `The secret, shown this once; ${where}:\n\n  ${variable}=${secret}\n\n` +
      `The entry for the array in WEBHOOK_SENDERS; it holds no secret:\n\n  ${JSON.stringify(entry)}`,
  );
}
