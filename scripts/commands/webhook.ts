import { command, silentLine } from '../cli/command.ts';

const TO = '--url http://127.0.0.1:9000/webhooks/cancel-task';
const TASK = '--task 1f81eb52-5198-4599-803e-771906343485';

export const webhook = command('webhook', {
  summary:
    'Sends the gateway a webhook, signed or as another sender proves itself, that cancels a task.',
  details: 'Waits 15 s for the response, at most.',
  examples: ['--new-secret', `${TO} ${TASK}`, `${TO} ${TASK} --print`],
  environment: [
    ['GATEWAY_WEBHOOK_SECRET', 'the secret or the key, unless --secret-env names another variable'],
  ],
  exits: {
    done: 'the response is 2xx, or nothing had to be sent',
    failed: 'the response is not 2xx',
    data: 'a secret or a key is not usable',
    unavailable: 'there is no response',
  },
})
  .option('--url <url>', 'where to (required)')
  .option('--task <id>', 'which task (required)')
  .option('--region <name>', "the task's region, if not the gateway's default")
  .option(
    '--kind <kind>',
    'in the form of a sender: grafana, slack, …; the URL is that of its entry',
  )
  .option('--via <how>', 'with --kind: sends the secret itself, by bearer, basic or a header field')
  .option('--timestamp-header <name>', 'with --kind grafana: signs a timestamp too')
  .option('--pointer <pointer>', 'with --kind: where the id stands in the body')
  .option('--id <id>', "the webhook's id (default: a new one)")
  .option(
    '--secret-env <name...>',
    'the variable that holds the whsec_ secret or the whsk_ key; may be repeated while secrets change',
  )
  .option('--secret-stdin', 'reads it from stdin')
  .option('--print', 'prints a curl command, good for five minutes, in place of sending')
  .option(
    '--new-secret',
    'a new secret (v1) and its entry for WEBHOOK_SENDERS, in place of sending',
  )
  .option(
    '--new-key-pair',
    'the same with a key pair (v1a): the gateway holds the public key alone',
  )
  .option('--sender <name>', 'with these two: the id of the entry', 'local')
  .option('--json', `for programs; start with ${silentLine('webhook', '…')}`)
  .action(async (options) => {
    const work = await import('../callers/webhook.ts');
    process.exitCode = await work.webhook(options);
  });
