import { randomUUID } from 'node:crypto';

import type { Environment } from '../../src/lib/config/secret-reference.ts';
import { makeKey } from '../callers/make-key.ts';
import { newTokenSecret, secretSigner, signToken, toClaims } from '../callers/token-sign.ts';
import { toCurl } from '../callers/webhook-send.ts';
import { cancelTaskBody, newWebhookSecret, webhookHeaders } from '../callers/webhook-sign.ts';

/** What `npm start` shows: callers of all three kinds, tasks in every state, and the lines to try. */

/** Tasks of the demo, by what is done with them; none of them exists anywhere else. */
const DEMO_TASKS = {
  forKey: '4ad30ca9-8b0e-499f-b4e1-d6e43ba0e564',
  forToken: '8548111ce1611ef8bb45254006a86831',
  forWebhook: '20210521195919442157',
} as const;

/** For the emulator: a task in every state. */
export function demoTasks() {
  const others = ['initializing', 'queued', 'writing', 'succeeded', 'failed', 'cancelled'] as const;
  const running = Object.values(DEMO_TASKS).map((id) => ({ id, state: 'running' as const }));
  const rest = others.map((state) => ({ id: `demo-${state}`, state }));
  return [...running, ...rest].map((task) => ({ ...task, engine: 'demo-engine' }));
}

const ISSUER = { issuer: 'https://issuer.example', audience: 'dlc-task-gateway' };
const TOKEN_VARIABLE = 'GATEWAY_JWT_SECRET';
const WEBHOOK_VARIABLE = 'GATEWAY_WEBHOOK_SECRET';
export const TOKEN_TTL_SECONDS = 15 * 60;

/** Fixed, so that a line from the README works; good for an emulator on this machine and nothing else. */
const DEMO_KEY_BYTES = Buffer.from('this key opens a demo only......');

export interface DemoCallers {
  readonly key: string;
  readonly tokenSecret: string;
  readonly webhookSecret: string;
  /** The gateway's settings that know them. */
  readonly env: Readonly<Record<string, string>>;
}

/** @param env a secret of the shell's own is used where there is one, so that other commands can sign too */
export function makeDemoCallers(env: Environment): DemoCallers {
  const scopes = ['tasks:cancel', 'tasks:read'];
  const { key, entry } = makeKey({ id: 'demo', scopes }, () => DEMO_KEY_BYTES);
  const tokenSecret = env[TOKEN_VARIABLE] || newTokenSecret();
  const webhookSecret = env[WEBHOOK_VARIABLE] || newWebhookSecret();
  const issuer = { id: 'demo', ...ISSUER, algorithms: ['HS256'], secret: tokenSecret };
  const settings = {
    API_KEYS: JSON.stringify([entry]),
    JWT_ISSUERS: JSON.stringify([issuer]),
    WEBHOOK_SENDERS: JSON.stringify([{ id: 'demo', secrets: [webhookSecret] }]),
  };
  return { key, tokenSecret, webhookSecret, env: settings };
}

/** Where everything listens. */
export interface Addresses {
  readonly gateway: string;
  readonly emulator: string;
  readonly playground: string;
}

/** The page that is printed once all is up. */
export async function demoPage(addresses: Addresses, callers: DemoCallers) {
  const { gateway, emulator, playground } = addresses;
  const { forKey, forToken, forWebhook } = DEMO_TASKS;
  const token = await oneTaskToken(callers.tokenSecret, forToken);
  const webhook = demoWebhook(`${gateway}/webhooks/cancel-task`, callers.webhookSecret);
  const states = demoTasks().map(({ id, state }) => `  ${id.padEnd(38)}${state}`);
  return `
The gateway    ${gateway}   the built dist/server.js
Playground     ${playground}   callers of all three kinds, in a browser
API reference  ${playground}/docs
DLC emulator   ${emulator}   its control API: curl ${emulator}/_emulator

Tasks at the emulator
${states.join('\n')}

1. With an API key: cancel a task (202), ask again a second later (200 already_cancelled), see it.
curl -i -X DELETE -H 'X-API-Key: ${callers.key}' ${gateway}/tasks/${forKey}
curl -i -H 'X-API-Key: ${callers.key}' ${gateway}/tasks/${forKey}

2. With a token that is good for one task, for ${TOKEN_TTL_SECONDS / 60} minutes; another task gets a 403.
curl -i -X DELETE -H 'Authorization: Bearer ${token}' ${gateway}/tasks/${forToken}
curl -i -X DELETE -H 'Authorization: Bearer ${token}' ${gateway}/tasks/demo-queued

3. With a signed webhook, good for 5 minutes; the second line signs a new one at any time.
${toCurl(webhook)}
${WEBHOOK_VARIABLE}='${callers.webhookSecret}' npm run webhook -- --url ${webhook.url} --task ${forWebhook}

Ctrl-C ends all of it. Below is the gateway's log.
`;
}

/** A token that cancels one task, and nothing else. */
export function oneTaskToken(
  secret: string,
  taskId: string,
  subject = 'demo-frontend',
): Promise<string> {
  const request = { ...ISSUER, subject, ttlSeconds: TOKEN_TTL_SECONDS, tasks: [taskId] };
  return signToken(toClaims(request, Date.now()), secretSigner(secret));
}

function demoWebhook(url: string, secret: string) {
  const now = Date.now();
  const body = cancelTaskBody({ taskId: DEMO_TASKS.forWebhook }, now);
  const message = { id: `msg_${randomUUID()}`, timestamp: Math.floor(now / 1000), body };
  return { url, headers: webhookHeaders(message, [secret]), body };
}
