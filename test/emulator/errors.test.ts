import { expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { apiErrorCodes } from '../../emulator/envelope.ts';

/** The common codes of Tencent's API 3.0 that the emulator uses; DLC's own list leaves them out. */
const commonCodes = [
  'AuthFailure.InvalidAuthorization',
  'AuthFailure.SecretIdNotFound',
  'AuthFailure.SignatureExpire',
  'AuthFailure.SignatureFailure',
  'AuthFailure.TokenFailure',
  'InvalidAction',
  'InvalidRequest',
  'NoSuchVersion',
  'RequestLimitExceeded',
  'RequestSizeLimitExceeded',
  'UnsupportedProtocol',
  'UnsupportedRegion',
];

it('answers only with codes that DLC, or the API in common, defines', () => {
  const file = new URL('../fixtures/dlc-error-codes.tsv', import.meta.url);
  const dlcCodes = readFileSync(file, 'utf8')
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t')[0]);
  const defined = new Set([...commonCodes, ...dlcCodes]);
  expect(apiErrorCodes.filter((code) => !defined.has(code))).toEqual([]);
});
