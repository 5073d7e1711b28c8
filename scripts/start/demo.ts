import { hash } from 'node:crypto';

import { KINDS, type Kind, type KindName } from '../../src/lib/webhooks/kinds.ts';
import { deliveryOf, SENT_KINDS, type Delivery } from '../callers/webhook-kinds.ts';
import { randomUUID } from 'node:crypto';

import { makeKey } from '../callers/make-key.ts';
import { newTokenSecret, secretSigner, signToken, toClaims } from '../callers/token-sign.ts';
import { toCurl } from '../callers/webhook-send.ts';
import { commandLine, silentLine } from '../cli/command.ts';
import { cancelTaskBody, newWebhookSecret, webhookHeaders } from '../callers/webhook-sign.ts';

/** The demo of `npm start`: its tasks, its callers of all three kinds, and the lines to try. */

/** Running tasks, by the line that cancels them; none of them exists anywhere else. */
export const DEMO_TASKS = {
  forKey: '4ad30ca9-8b0e-499f-b4e1-d6e43ba0e564',
  forToken: '8548111ce1611ef8bb45254006a86831',
  forWebhook: '20210521195919442157',
} as const;

/** The emulator's tasks: one in every state. */
export function demoTasks() {
  const others = ['initializing', 'queued', 'writing', 'succeeded', 'failed', 'cancelled'] as const;
  const running = Object.values(DEMO_TASKS).map((id) => ({ id, state: 'running' as const }));
  const rest = others.map((state) => ({ id: `demo-${state}`, state }));
  return [...running, ...rest].map((task) => ({ ...task, engine: 'demo-engine' }));
}

/** No default of `npm run token`: an entry of the shell's own may have that one. */
const ISSUER = { issuer: 'https://demo.example', audience: 'dlc-task-gateway' };
export const TOKEN_TTL_SECONDS = 15 * 60;

/** Fixed, so that a line of the README works; the key is good for an emulator on this machine only. */
const DEMO_KEY_BYTES = Buffer.from('this key opens a demo only......');

export interface DemoCallers {
  readonly key: string;
  readonly tokenSecret: string;
  readonly webhookSecret: string;
  /** Of each kind of senders that the playground plays. */
  readonly senderSecrets: ReadonlyMap<string, string>;
  /** The gateway's settings that let them in: entries, by the name of the setting. */
  readonly entries: Readonly<Record<string, readonly object[]>>;
}

/** Makes the demo's callers. Their secrets are new, never the shell's own. */
export function makeDemoCallers(): DemoCallers {
  const scopes = ['tasks:cancel', 'tasks:read'];
  const { key, entry } = makeKey({ id: 'demo', scopes }, () => DEMO_KEY_BYTES);
  const tokenSecret = newTokenSecret();
  const webhookSecret = newWebhookSecret();
  const senderSecrets = new Map(SENT_KINDS.map((kind) => [kind, newWebhookSecret()]));
  const senders = SENT_KINDS.map((kind) => senderEntry(kind, senderSecrets.get(kind) ?? ''));
  const issuer = { id: 'demo', ...ISSUER, algorithms: ['HS256'], secret: tokenSecret };
  const entries = {
    API_KEYS: [entry],
    JWT_ISSUERS: [issuer],
    WEBHOOK_SENDERS: [{ id: 'demo', secrets: [webhookSecret] }, ...senders],
  };
  return { key, tokenSecret, webhookSecret, senderSecrets, entries };
}

/** The entry of a sender as it is; its address ends with `demo-` and the kind. */
function senderEntry(kind: KindName, secret: string): object {
  const { hmac, needsTask, isSlack }: Kind = KINDS[kind];
  return {
    id: `demo-${kind}`,
    kind,
    engines: ['*'],
    ...(hmac ? { secrets: [secret] } : { sha256: [hash('sha256', secret)] }),
    ...(needsTask && { task: { id: TASK_POINTER } }),
    ...(isSlack && { require: { '/command': '/dlc-cancel' } }),
  };
}

/** A delivery of that sender. */
export function demoDelivery(
  kind: string,
  taskId: string,
  { senderSecrets }: DemoCallers,
): Delivery & { readonly path: string } {
  const pointer = SENT_KINDS.find((one) => one === kind && KINDS[one].needsTask) && TASK_POINTER;
  const options = { taskId, id: 'msg_demo', now: Date.now(), pointer };
  const made = deliveryOf(kind, senderSecrets.get(kind) ?? '', options);
  return { ...made, path: `/webhooks/demo-${kind}` };
}

const TASK_POINTER = '/task';

/** Where the servers listen. */
export interface Addresses {
  readonly gateway: string;
  readonly emulator: string;
  readonly playground: string;
}

/**
 * The text that is printed once all servers are up.
 *
 * @param unused names of the shell's settings that the demo replaces
 */
export async function demoPage(
  addresses: Addresses,
  callers: DemoCallers,
  unused: readonly string[],
): Promise<string> {
  const { gateway, emulator, playground } = addresses;
  const { forKey, forToken, forWebhook } = DEMO_TASKS;
  const token = await oneTaskToken(callers.tokenSecret, forToken);
  const webhook = demoWebhook(`${gateway}/webhooks/cancel-task`, callers.webhookSecret);
  const states = demoTasks().map(({ id, state }) => `  ${id.padEnd(38)}${state}`);
  return `
The gateway    ${gateway}   the built dist/server.js
Playground     ${playground}   callers of all kinds, in a browser
API reference  ${playground}/docs
DLC emulator   ${emulator}   its control API: curl ${emulator}/_emulator
${unused.length > 0 ? `\nNot used, because the demo sets them itself: ${unused.join(', ')}\n` : ''}
Tasks at the emulator
${states.join('\n')}

1. With an API key: cancel a task (202), ask again a second later (200 already_cancelled), see it.
curl -i -X DELETE -H 'X-API-Key: ${callers.key}' ${gateway}/tasks/${forKey}
curl -i -H 'X-API-Key: ${callers.key}' ${gateway}/tasks/${forKey}

2. With a token that is good for one task, for ${TOKEN_TTL_SECONDS / 60} minutes: cancel it, see it; another task gets a 403.
curl -i -X DELETE -H 'Authorization: Bearer ${token}' ${gateway}/tasks/${forToken}
curl -i -H 'Authorization: Bearer ${token}' ${gateway}/tasks/${forToken}
curl -i -X DELETE -H 'Authorization: Bearer ${token}' ${gateway}/tasks/demo-queued
The next line makes a token for another task.
GATEWAY_JWT_SECRET='${callers.tokenSecret}' ${silentLine('token', `--issuer ${ISSUER.issuer} --sub me --task demo-queued`)}

3. With a signed webhook, good for 5 minutes; the second line signs a new one at any time.
${toCurl(webhook)}
GATEWAY_WEBHOOK_SECRET='${callers.webhookSecret}' ${commandLine('webhook', `--url ${webhook.url} --task ${forWebhook}`)}

4. As an agent, by the Model Context Protocol: the inspector's command line (Node 22.19 or newer), and an entry for a client's configuration.
npx @modelcontextprotocol/inspector@2 --cli ${gateway}/mcp --transport http --header 'X-API-Key: ${callers.key}' --method tools/list
${JSON.stringify(clientConfiguration(`${gateway}/mcp`, callers.key))}

Ctrl-C ends all of it. Below is the gateway's log.
`;
}

/** The form that most clients of the protocol take. */
const clientConfiguration = (url: string, key: string): object => ({
  mcpServers: { dlc: { type: 'http', url, headers: { 'X-API-Key': key } } },
});

/** A token that is good for one task: to cancel it, and to read its state. */
export function oneTaskToken(
  secret: string,
  taskId: string,
  subject = 'demo-frontend',
): Promise<string> {
  const request = { ...ISSUER, subject, ttlSeconds: TOKEN_TTL_SECONDS, tasks: [taskId] };
  return signToken(toClaims(request, Date.now()), secretSigner(secret));
}

function demoWebhook(url: string, secret: string) {
  const body = cancelTaskBody({ taskId: DEMO_TASKS.forWebhook }, Date.now());
  return { url, headers: signedHeaders(body, secret), body };
}

/** The header fields of a webhook with this body, signed now. */
export function signedHeaders(body: string, secret: string): Record<string, string> {
  const timestamp = Math.floor(Date.now() / 1000);
  return webhookHeaders({ id: `msg_${randomUUID()}`, timestamp, body }, [secret]);
}
