import { command } from '../cli/command.ts';

export const start = command('start', {
  summary: 'Starts the gateway on this machine, with an emulator of DLC behind it.',
  details:
    'Everything listens on 127.0.0.1. API_KEYS, JWT_ISSUERS, WEBHOOK_SENDERS and CORS_ORIGINS of the shell are used beside those of the demo. Without --no-emulator, DLC_*, TENCENTCLOUD_*, HOST, EMULATOR_HOST, MCP, MCP_STATE_SECRET and PUBLIC_URL of the shell are not used, and the output names them.',
  examples: ['', '--no-emulator'],
  environment: [
    ['PORT', 'port of the gateway (default: 9000)'],
    ['EMULATOR_PORT', 'port of the emulator (default: 9001)'],
    ['PLAYGROUND_PORT', 'port of the playground and the API reference (default: 9002)'],
    [
      'EMULATOR_CANCEL_MS',
      'from the acceptance of a cancellation to its effect (default: 250, so that the gateway finds a task cancelled when it looks after a lost response)',
    ],
    ['LOG_LEVEL, …', 'the other settings of the gateway (docs/settings.md)'],
  ],
  exits: {
    done: 'ended with Ctrl-C or SIGTERM, all requests answered',
    data: 'a source or a file of config/ is wrong',
    unavailable: 'a port is taken, or the gateway did not come up',
    io: 'the log has no reader any more, or a file of this machine cannot be used',
    config: 'a variable is wrong; the log names it',
    interrupted: 'interrupted with Ctrl-C before it was up',
  },
})
  .option(
    '--no-emulator',
    'calls the real DLC, with the settings and credentials of the shell (DLC_*, TENCENTCLOUD_*, API_KEYS, …); makes no demo caller',
  )
  .action(async ({ emulator }) => {
    const work = await import('../start.ts');
    process.exitCode = await work.start({ emulator });
  });
