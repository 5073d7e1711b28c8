import { expect, it } from '@jest/globals';

import { readCredentials } from '../../../src/lib/dlc/client.ts';

const first = {
  TENCENTCLOUD_SECRETID: 'id1',
  TENCENTCLOUD_SECRETKEY: 'key1',
  TENCENTCLOUD_SESSIONTOKEN: 'token1',
};
const second = {
  TENCENTCLOUD_SECRET_ID: 'id2',
  TENCENTCLOUD_SECRET_KEY: 'key2',
  TENCENTCLOUD_SESSION_TOKEN: 'token2',
};
const one = { secretId: 'id1', secretKey: 'key1', token: 'token1' };
const two = { secretId: 'id2', secretKey: 'key2', token: 'token2' };

it.each([
  ['the first spelling', first, one],
  ['the second', second, two],
  ['the first of both', { ...second, ...first }, one],
  [
    'the second where the first has no key, with its own token',
    { ...first, ...second, TENCENTCLOUD_SECRETKEY: '' },
    two,
  ],
  [
    'a token of its own spelling only',
    { ...first, ...second, TENCENTCLOUD_SESSIONTOKEN: '' },
    { secretId: 'id1', secretKey: 'key1' },
  ],
  ['nothing', { TENCENTCLOUD_SECRETID: 'id1', TENCENTCLOUD_SECRET_KEY: 'key2' }, undefined],
])('reads %s', (_, env, credentials) => {
  expect(readCredentials(env)).toEqual(credentials);
});
