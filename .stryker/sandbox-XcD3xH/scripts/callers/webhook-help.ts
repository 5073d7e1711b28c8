import { exitCodes } from '../cli/exit-codes.ts';

export const HELP = `Sends the gateway a signed webhook (Standard Webhooks) that asks it to cancel a task.

  npm run webhook -- --new-secret
  npm run webhook -- --url http://127.0.0.1:9000/webhooks/cancel-task --task 1f81eb52-5198-4599-803e-771906343485
  npm run webhook -- --url http://127.0.0.1:9000/webhooks/cancel-task --task 1f81eb52-5198-4599-803e-771906343485 --print

Options
  --new-secret        a fresh secret (v1) and its entry for WEBHOOK_SENDERS, in place of sending
  --new-key-pair      the same with a key pair (v1a): the gateway holds the public key alone
  --sender NAME       with these two: the id of the entry            (default: local)

  --url URL           where to                                       (required)
  --task ID           which task                                     (required)
  --region NAME       the task's region, if not the gateway's default
  --id ID             the webhook's id                               (default: a fresh one)
  --secret-env NAME   the variable that holds the whsec_ secret or the whsk_ key; may be repeated
                      while secrets change                           (default: GATEWAY_WEBHOOK_SECRET)
  --secret-stdin      read it from stdin
  --print             print a curl command, good for five minutes, in place of sending
  --json              for programs
  -h, --help          this text

Environment
  GATEWAY_WEBHOOK_SECRET  the secret or the key, where --secret-env names no other variable
An answer takes 15 s at most.

${exitCodes(
  {
    failed: 'the answer is not 2xx',
    data: 'a secret or a key that is no good',
    unavailable: 'there is no answer',
  },
  'the answer is 2xx, or nothing had to be sent',
)}`;
