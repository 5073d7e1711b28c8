import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { rateLimiter } from 'hono-rate-limiter';

/** Hono with its rate limiter: accepts 20 cancellations a second, refuses the others, and logs a line for each request. */

const app = new Hono();
app.use(async (context, next) => {
  await next();
  const { req, res } = context;
  process.stdout.write(
    `${JSON.stringify({ method: req.method, path: req.path, status: res.status })}\n`,
  );
});
app.use(
  rateLimiter({
    windowMs: 1000,
    limit: 20,
    keyGenerator: ({ req }) => req.header('x-api-key') ?? '',
  }),
);
app.delete('/tasks/:taskId', (context) => context.json({ outcome: 'ok' }, 202));
serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) => {
  process.stdout.write(`{"port":${port}}\n`);
});
