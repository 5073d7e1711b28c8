import type { Route } from '../endpoint.ts';
import { mcp, MCP_FIELDS, metadata } from './agents.ts';
import { cancelTask } from './cancel-task.ts';
import { cancelTasks } from './cancel-tasks.ts';
import { cancelTaskWebhook } from './cancel-task-webhook.ts';
import { getTask } from './get-task.ts';
import { healthz } from './healthz.ts';
import { listTasks } from './list-tasks.ts';
import { openApi } from './openapi.ts';
import { problemPage } from './problem-page.ts';
import { receiveWebhook } from './receive-webhook.ts';
import { createReadyz } from './readyz.ts';

/** Every route of the gateway. */
export function createRoutes({ taskStateLookup, mcp: isForAgents }: Served): Route[] {
  return [
    {
      template: '/tasks/{taskId}',
      methods: { DELETE: cancelTask, ...(taskStateLookup && { GET: getTask }) },
      isForBrowsers: true,
    },
    { template: '/tasks', methods: taskStateLookup ? { GET: listTasks } : {}, isForBrowsers: true },
    { template: '/tasks:cancel', methods: { POST: cancelTasks }, isForBrowsers: true },
    {
      template: '/webhooks/cancel-task',
      methods: { POST: cancelTaskWebhook },
      isForSenders: true,
    },
    {
      template: '/webhooks/{senderId}',
      methods: { POST: receiveWebhook },
      isForSenders: true,
    },
    ...(isForAgents ? agentRoutes() : []),
    { template: '/openapi.json', methods: { GET: openApi }, isForBrowsers: true },
    { template: '/problems/{code}', methods: { GET: problemPage } },
    { template: '/healthz', methods: { GET: healthz } },
    { template: '/readyz', methods: { GET: createReadyz() } },
  ];
}

interface Served {
  readonly taskStateLookup: boolean;
  readonly mcp: boolean;
}

const METADATA = '/.well-known/oauth-protected-resource';

const agentRoutes = (): Route[] => [
  {
    template: '/mcp',
    methods: { POST: mcp },
    isForBrowsers: true,
    corsFields: MCP_FIELDS,
  },
  ...[METADATA, `${METADATA}/mcp`].map((template) => ({
    template,
    methods: { GET: metadata },
    isForBrowsers: true as const,
  })),
];
