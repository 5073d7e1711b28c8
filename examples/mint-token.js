// A backend that has started a task makes a token for its frontend: good for this one task, for five
// minutes, to cancel it and to poll its state.
//
//   GATEWAY_JWT_SECRET=… node examples/mint-token.js TASK_ID alice
//
// The gateway's entry: npm run token -- --new-secret
import { createHmac } from 'node:crypto';

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

export function mintToken(taskId, user, secret, now = Math.floor(Date.now() / 1000)) {
  const claims = {
    iss: 'https://issuer.example',
    aud: 'dlc-task-gateway',
    sub: user,
    iat: now,
    exp: now + 300,
    authorization_details: [{ type: 'dlc_task', actions: ['cancel', 'read'], identifier: taskId }],
  };
  const input = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`;
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}

const [taskId, user] = process.argv.slice(2);
process.stdout.write(`${mintToken(taskId, user, process.env.GATEWAY_JWT_SECRET)}\n`);
