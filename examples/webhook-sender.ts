/**
 * A webhook sender that asks for a cancellation, with the library of the Standard Webhooks project.
 *
 *   GATEWAY_WEBHOOK_SECRET=whsec_… node --import tsx examples/webhook-sender.ts <task id>
 */
import { randomUUID } from 'node:crypto';

import { Webhook } from 'standardwebhooks';

const url = process.env['GATEWAY_URL'] ?? 'http://127.0.0.1:9000';
const webhook = new Webhook(process.env['GATEWAY_WEBHOOK_SECRET'] ?? '');

const [taskId = ''] = process.argv.slice(2);
const id = `msg_${randomUUID()}`;
const now = new Date();
const body = JSON.stringify({
  type: 'task.cancel',
  timestamp: now.toISOString(),
  data: { taskId },
});
const response = await fetch(`${url}/webhooks/cancel-task`, {
  method: 'POST',
  headers: {
    'Content-Type': 'application/json',
    'Webhook-Id': id,
    'Webhook-Timestamp': String(Math.floor(now.getTime() / 1000)),
    'Webhook-Signature': webhook.sign(id, now, body),
  },
  body,
});
process.stdout.write(`${response.status} ${await response.text()}\n`);
// A sender repeats the webhook, with the same id, until it gets a 2xx.
process.exitCode = response.ok ? 0 : 1;
