import { Hono } from 'hono';
import { handle } from 'hono/aws-lambda';
import { requestId, type RequestIdVariables } from 'hono/request-id';

import { accepted, authorize, readSettings, readTask, refused } from './job.ts';
import { cancelByLeanSdk } from './lean-sdk.ts';
import { Refusal } from './refusal.ts';

/** Hono with its adapter for Lambda and its own middleware for request ids. */

const settings = readSettings(process.env);
const cancel = cancelByLeanSdk(process.env, settings);

const app = new Hono<{ Variables: RequestIdVariables }>();

app.use(requestId());

app.use('/tasks/*', async (c, next) => {
  authorize(settings, c.req.header('x-api-key'));
  await next();
});

app.delete('/tasks/:taskId', async (c) => {
  const task = readTask(settings, c.req.param('taskId'), c.req.query('region'));
  const { status, headers, body } = accepted(task, c.get('requestId'), await cancel(task));
  return c.json(body, status, headers);
});

app.notFound(() => {
  throw new Refusal(404, 'route-not-found', 'There is nothing at this path.');
});

app.onError((error, c) => {
  const { status, headers, body } = refused(error, c.get('requestId'));
  return c.json(body, status, headers);
});

export const handler = handle(app);
