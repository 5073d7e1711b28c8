import express, { type NextFunction, type Request, type Response } from 'express';
import serverless from 'serverless-http';

import { accepted, authorize, readSettings, readTask, refused, requestIdOf } from './job.ts';
import { cancelByLeanSdk } from './lean-sdk.ts';
import { Refusal } from './refusal.ts';

/** Express 5, which passes the rejection of an async handler on, behind `serverless-http`. */

const settings = readSettings(process.env);
const cancel = cancelByLeanSdk(process.env, settings);

const app = express();
app.disable('x-powered-by');
// Nobody caches a DELETE: no digest of each body.
app.set('etag', false);

app.use('/tasks', (req, _res, next) => {
  authorize(settings, req.get('x-api-key'));
  next();
});

app.delete('/tasks/:taskId', async (req, res) => {
  const { region } = req.query;
  // Repeated, it is an array, and no region.
  const given = region === undefined || typeof region === 'string' ? region : '';
  const task = readTask(settings, req.params.taskId, given);
  const { status, headers, body } = accepted(task, requestIdFor(req), await cancel(task));
  res.status(status).set(headers).json(body);
});

app.use(() => {
  throw new Refusal(404, 'route-not-found', 'There is nothing at this path.');
});

// Four parameters are what makes it a handler of errors.
app.use((error: unknown, req: Request, res: Response, _next: NextFunction) => {
  const { status, headers, body } = refused(error, requestIdFor(req));
  res.status(status).set(headers).json(body);
});

/** `serverless-http` puts the platform's id where the caller has sent none. */
function requestIdFor(req: Request): string {
  return requestIdOf(req.get('x-request-id'), undefined);
}

export const handler = serverless(app);
