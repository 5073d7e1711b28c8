import type { Route } from '../endpoint.ts';
import type { Settings } from '../settings.ts';
import { mcp, metadata } from './agents.ts';
import { cancelTask } from './cancel-task.ts';
import { cancelTasks } from './cancel-tasks.ts';
import { cancelTaskWebhook } from './cancel-task-webhook.ts';
import { openApi, problemPage } from './documents.ts';
import { getTask } from './get-task.ts';
import { listTasks } from './list-tasks.ts';
import { createReadyz, healthz } from './probes.ts';
import { receiveWebhook } from './receive-webhook.ts';

const METADATA = '/.well-known/oauth-protected-resource';

/** Every route of the gateway. @param served by the settings */
export function createRoutes(served: Pick<Settings, 'taskStateLookup' | 'mcp'>): Route[] {
  const isReadable = served.taskStateLookup;
  return [
    {
      template: '/tasks/{taskId}',
      methods: { DELETE: cancelTask, ...(isReadable && { GET: getTask }) },
      isForBrowsers: true,
    },
    { template: '/tasks', methods: isReadable ? { GET: listTasks } : {}, isForBrowsers: true },
    { template: '/tasks:cancel', methods: { POST: cancelTasks }, isForBrowsers: true },
    { template: '/webhooks/cancel-task', methods: { POST: cancelTaskWebhook }, isForSenders: true },
    { template: '/webhooks/{senderId}', methods: { POST: receiveWebhook }, isForSenders: true },
    ...(served.mcp ? FOR_AGENTS : []),
    { template: '/openapi.json', methods: { GET: openApi }, isForBrowsers: true },
    { template: '/problems/{code}', methods: { GET: problemPage } },
    { template: '/healthz', methods: { GET: healthz } },
    { template: '/readyz', methods: { GET: createReadyz() } },
  ];
}

const FOR_AGENTS: readonly Route[] = [
  {
    template: '/mcp',
    methods: { POST: mcp },
    isForBrowsers: true,
    corsFields: ', mcp-protocol-version, mcp-method, mcp-name',
  },
  { template: METADATA, methods: { GET: metadata }, isForBrowsers: true },
  { template: `${METADATA}/mcp`, methods: { GET: metadata }, isForBrowsers: true },
];
