import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';

import { webhookSenderEntries } from '../src/lib/auth/entries.ts';
import {
  matching,
  parsing,
  print,
  readSecret,
  required,
  runAsScript,
  variableName,
  wrongUsage,
} from './cli/command-line.ts';
import { EXIT } from './cli/exit-codes.ts';
import { progressLine } from './cli/terminal.ts';
import { HELP } from './callers/webhook-help.ts';
import { send, toCurl, type SignedWebhook } from './callers/webhook-send.ts';
import {
  cancelTaskBody,
  newWebhookKeyPair,
  newWebhookSecret,
  webhookHeaders,
} from './callers/webhook-sign.ts';

const OPTIONS = {
  'new-secret': { type: 'boolean' },
  'new-key-pair': { type: 'boolean' },
  sender: { type: 'string', default: 'local' },
  url: { type: 'string' },
  task: { type: 'string' },
  region: { type: 'string' },
  id: { type: 'string' },
  'secret-env': { type: 'string', multiple: true },
  'secret-stdin': { type: 'boolean' },
  print: { type: 'boolean' },
  json: { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

const parse = (args: string[]) => parseArgs({ args, options: OPTIONS }).values;
type Options = ReturnType<typeof parse>;

async function main(args: string[]): Promise<number> {
  const options = parsing(() => parse(args));
  if (options.help) print(false, undefined, HELP);
  else if (options['new-secret'] || options['new-key-pair']) printSecret(options);
  else return act(options, await toWebhook(options));
  return 0;
}

async function act(options: Options, webhook: SignedWebhook): Promise<number> {
  if (options.print) {
    print(options.json, webhook, toCurl(webhook));
    return 0;
  }
  const progress = progressLine();
  progress('Waiting for the answer …');
  const { status, body } = await send(webhook).finally(() => progress(''));
  const answer = { id: webhook.headers['Webhook-Id'], status, body };
  print(options.json, answer, `${status}\n${pretty(body)}`);
  return status >= 200 && status < 300 ? 0 : EXIT.failed;
}

/** The webhook that the options ask for. @throws CommandError 64, 65 */
async function toWebhook(options: Options): Promise<SignedWebhook> {
  const url = required(options.url, '--url');
  const taskId = required(options.task, '--task');
  const { protocol = '', username = '' } = URL.canParse(url) ? new URL(url) : {};
  if (!/^https?:$/.test(protocol) || username) {
    throw wrongUsage(
      '--url must be an address that begins with http:// or https://, without a user name',
    );
  }
  const idRule = '--id must be 1 to 128 of A-Z a-z 0-9 _ -';
  const id = matching(options.id ?? `msg_${randomUUID()}`, /^[A-Za-z0-9_-]{1,128}$/, idRule);
  const now = Date.now();
  const body = cancelTaskBody({ taskId, region: options.region }, now);
  const message = { id, timestamp: Math.floor(now / 1000), body };
  return { url, headers: webhookHeaders(message, await readSecrets(options)), body };
}

async function readSecrets(options: Options): Promise<string[]> {
  const { 'secret-env': named, 'secret-stdin': stdin = false } = options;
  if (stdin && named) throw wrongUsage('give one of --secret-env and --secret-stdin');
  const variables = named ?? ['GATEWAY_WEBHOOK_SECRET'];
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
  const [named = 'GATEWAY_WEBHOOK_SECRET', ...more] = options['secret-env'] ?? [];
  if (more.length > 0) throw wrongUsage('a new secret goes into one variable');
  const variable = variableName(named);
  const pair = options['new-key-pair'] ? newWebhookKeyPair() : undefined;
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

await runAsScript(import.meta.url, main);
