import { exitCodes } from '../cli/exit-codes.ts';

export const HELP = `Makes a signed token (JWT) for local use and for tests.

  npm run token -- --new-secret
  npm run --silent token -- --sub alice --scope tasks:cancel --scope tasks:read
  npm run --silent token -- --sub alice --task 1f81eb52-5198-4599-803e-771906343485 --ttl 1m
  npm run --silent token -- --sub ci --scope tasks:cancel --key-file key.pem --kid 2027-01

Options
  --new-secret        a fresh HS256 secret and its entry for JWT_ISSUERS, in place of a token
  --id NAME           with --new-secret: the id of the entry        (default: local)

  --sub NAME          whom the token is for                         (required)
  --scope SCOPE       tasks:cancel or tasks:read; may be repeated
  --task ID           good for this task alone; may be repeated; in place of --scope
  --action ACTION     with --task: cancel or read; may be repeated  (default: both)
  --region NAME       with --task: only in this region; may be repeated
  --engine NAME       with --task: only on this engine; may be repeated
  --ttl TIME          how long it is good: 30s, 5m, 2h, at most 24h (default: 5m)
  --issuer NAME       (default: https://issuer.example)
  --audience NAME     (default: dlc-task-gateway)
  --secret-env NAME   the variable that holds the HS256 secret      (default: GATEWAY_JWT_SECRET)
  --secret-stdin      read the HS256 secret from stdin
  --key-file PATH     a private key in PEM: RS256, ES256 or EdDSA, by its type
  --kid NAME          the id of the key, for the token's header
  --json              {"token", "claims"} for programs
  -h, --help          this text

Environment
  GATEWAY_JWT_SECRET  the HS256 secret, where --secret-env names no other variable

${exitCodes({ data: 'a secret or a key that is no good', noInput: 'the key file cannot be read' })}`;
