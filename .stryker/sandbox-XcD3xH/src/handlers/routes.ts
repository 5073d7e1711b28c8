import type { GatewayRoute } from '../exchange.ts';
import { cancelTask } from './cancel-task.ts';
import { cancelTaskWebhook } from './cancel-task-webhook.ts';
import { getTask } from './get-task.ts';
import { healthz } from './healthz.ts';
import { openApi } from './openapi.ts';
import { problemPage } from './problem-page.ts';

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
      template: '/openapi.json',
      methods: { GET: openApi },
      forBrowsers: true,
      forSenders: false,
    },
    {
      template: '/problems/{code}',
      methods: { GET: problemPage },
      forBrowsers: false,
      forSenders: false,
    },
    {
      template: '/healthz',
      methods: { GET: healthz },
      forBrowsers: false,
      forSenders: false,
    },
  ];
}
