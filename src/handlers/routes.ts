import type { GatewayRoute } from '../exchange.ts';
import { cancelTask } from './cancel-task.ts';
import { cancelTaskWebhook } from './cancel-task-webhook.ts';
import { getTask } from './get-task.ts';
import { healthz } from './healthz.ts';

/** Every route of the gateway. */
export function createRoutes({ taskStateLookup }: { taskStateLookup: boolean }): GatewayRoute[] {
  return [
    {
      template: '/tasks/{taskId}',
      methods: { DELETE: cancelTask, ...(taskStateLookup && { GET: getTask }) },
      forBrowsers: true,
      forSenders: false,
    },
    {
      template: '/webhooks/cancel-task',
      methods: { POST: cancelTaskWebhook },
      forBrowsers: false,
      forSenders: true,
    },
    {
      template: '/healthz',
      methods: { GET: healthz },
      forBrowsers: false,
      forSenders: false,
    },
  ];
}
