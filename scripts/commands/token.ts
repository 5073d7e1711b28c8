import { Option } from '@commander-js/extra-typings';

import { SCOPES } from '../../src/lib/auth/principal.ts';
import { TASK_ACTIONS } from '../callers/token-sign.ts';
import { command, silentLine } from '../cli/command.ts';
import { matching, toSeconds, variableName } from '../cli/command-line.ts';

const task = matching(/^[A-Za-z0-9_-]{1,128}$/, '--task must be 1 to 128 of A-Z a-z 0-9 _ -');

export const token = command('token', {
  summary: 'Makes a signed token (JWT) for local use and for tests.',
  examples: [
    '--new-secret',
    '--sub alice --scope tasks:cancel --scope tasks:read',
    '--sub alice --task 1f81eb52-5198-4599-803e-771906343485 --ttl 1m',
    '--sub ci --scope tasks:cancel --key-file key.pem --kid 2027-01',
  ],
  environment: [
    ['GATEWAY_JWT_SECRET', 'the HS256 secret, unless --secret-env names another variable'],
  ],
  exits: { data: 'a secret or a key is not usable', noInput: 'the key file cannot be read' },
})
  .option('--sub <name>', 'whom the token is for (required, but with --new-secret)')
  .addOption(
    new Option('--scope <scope...>', 'what the token permits; may be repeated').choices(SCOPES),
  )
  .option('--task <id...>', 'permits this task alone; may be repeated; in place of --scope')
  .addOption(
    new Option('--action <action...>', 'with --task; may be repeated (default: both)').choices(
      TASK_ACTIONS,
    ),
  )
  .option('--region <name...>', 'with --task: only in this region; may be repeated')
  .option('--engine <name...>', 'with --task: only on this engine; may be repeated')
  .addOption(
    new Option('--ttl <time>', 'how long it is valid: 30s, 5m, 2h, at most 24h')
      .argParser(toSeconds)
      .default(300, '5m'),
  )
  .option('--issuer <name>', 'who issues it', 'https://issuer.example')
  .option('--audience <name>', 'the service that it is for', 'dlc-task-gateway')
  .option('--secret-env <name>', 'the variable that holds the HS256 secret', variableName)
  .option('--secret-stdin', 'reads the HS256 secret from stdin')
  .option('--key-file <path>', 'a private key in PEM: RS256, ES256 or EdDSA, by its type')
  .option('--kid <name>', "the id of the key, for the token's header")
  .option('--new-secret', 'a new HS256 secret and its entry for JWT_ISSUERS, in place of a token')
  .option('--id <name>', 'with --new-secret: the id of the entry', 'local')
  .option('--json', `{"token", "claims"} for programs; start with ${silentLine('token', '…')}`)
  .action(async (options) => {
    options.task?.forEach(task);
    const work = await import('../callers/token.ts');
    await work.token(options);
  });
