import { command } from '../cli/command.ts';

export const serve = command('serve', {
  summary: 'Serves the gateway with the settings of the shell, as a container does.',
  details:
    'Calls the real DLC, with the credentials of the environment. Its log goes to stdout. docs/settings.md has every setting, docs/server.md how it stops.',
  examples: [''],
  environment: [
    ['DLC_REGION', 'the region of the tasks'],
    ['TENCENTCLOUD_SECRETID', 'of the gateway: may do dlc:CancelTask and dlc:DescribeTasks'],
    ['TENCENTCLOUD_SECRETKEY', 'of the same user or role'],
    ['API_KEYS, …', 'the callers, and the other settings'],
  ],
  exits: {
    done: 'ended with Ctrl-C, SIGTERM or SIGHUP, all requests answered',
    noInput: 'dist/server.js is not there',
    unavailable: 'the port is taken',
    io: 'the log has no reader any more',
    config: 'a setting is wrong; the log names each',
  },
}).action(async () => {
  const work = await import('../serve.ts');
  work.serve();
});
