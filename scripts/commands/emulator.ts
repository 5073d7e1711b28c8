import { command } from '../cli/command.ts';

export const emulator = command('emulator', {
  summary: 'Starts a DLC on this machine, for tests and demos.',
  details:
    'It checks signatures, keeps tasks, and fails on request. Its own port takes the requests that control it: GET /_emulator lists them.',
  examples: [''],
  environment: [
    ['EMULATOR_PORT', 'port; 0: any free one (default: 9001)'],
    ['EMULATOR_HOST', 'address that it listens on (default: 127.0.0.1)'],
    ['EMULATOR_SECRET_ID', 'whose signatures it takes (default: AKIDEMULATOR)'],
    ['EMULATOR_SECRET_KEY', 'the key of these signatures (default: emulator-secret-key)'],
    [
      'EMULATOR_CANCEL_MS',
      'from the acceptance of a cancellation to the state "cancelled" (default: 1000)',
    ],
  ],
  exits: {
    done: 'ended with Ctrl-C or SIGTERM',
    unavailable: 'the port is taken, or no address of this machine',
    config: 'a variable is wrong',
    interrupted: 'interrupted with Ctrl-C before it was up',
  },
}).action(async () => {
  const work = await import('../emulator.ts');
  await work.emulate();
});
