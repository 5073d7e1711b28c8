import rateLimit from '@fastify/rate-limit';
import { fastify } from 'fastify';

/** Fastify with its rate limiter: accepts 20 cancellations a second, refuses the others, and logs a line for each request. */

const app = fastify();
app.addHook('onResponse', async ({ method, url: path }, { statusCode: status }) => {
  process.stdout.write(`${JSON.stringify({ method, path, status })}\n`);
});
await app.register(rateLimit, {
  max: 20,
  timeWindow: 1000,
  keyGenerator: ({ headers }) => String(headers['x-api-key']),
});
app.delete('/tasks/:taskId', async (_request, reply) => reply.code(202).send({ outcome: 'ok' }));
const address = await app.listen({ host: '127.0.0.1', port: 0 });
process.stdout.write(`{"port":${new URL(address).port}}\n`);
