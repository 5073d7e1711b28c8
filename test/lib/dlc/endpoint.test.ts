import { describe, expect, it } from '@jest/globals';

import { parseEndpoint } from '../../../src/lib/dlc/endpoint.ts';
import { isLoopback } from '../../../src/lib/config/setting-values.ts';

describe('parseEndpoint', () => {
  it.each([
    ['https://dlc.tencentcloudapi.com', { name: 'dlc.tencentcloudapi.com', protocol: 'https:' }],
    [
      'https://dlc.intl.tencentcloudapi.com/',
      { name: 'dlc.intl.tencentcloudapi.com', protocol: 'https:' },
    ],
    ['http://127.0.0.1:9001', { protocol: 'http:', connectTo: { host: '127.0.0.1', port: 9001 } }],
    ['http://localhost', { protocol: 'http:', connectTo: { host: 'localhost', port: 80 } }],
    ['https://localhost', { protocol: 'https:', connectTo: { host: 'localhost', port: 443 } }],
    ['http://[::1]:9001', { protocol: 'http:', connectTo: { host: '::1', port: 9001 } }],
  ])('takes %s', (value, endpoint) => {
    expect(parseEndpoint(value)).toEqual({ name: 'dlc.tencentcloudapi.com', ...endpoint });
  });

  it.each([
    'dlc.tencentcloudapi.com',
    '',
    'ftp://dlc.tencentcloudapi.com',
    'http://dlc.tencentcloudapi.com',
    'http://10.0.0.1',
    'http://127.0.0.1.evil.example',
    'https://evil.example',
    'https://xdlc.tencentcloudapi.com',
    'https://dlc.tencentcloudapi.com:8443',
    'https://user@dlc.tencentcloudapi.com',
    'https://:secret@dlc.tencentcloudapi.com',
    'https://dlc.tencentcloudapi.com/v1',
    'https://dlc.tencentcloudapi.com/?x',
    'https://dlc.tencentcloudapi.com/#x',
  ])('refuses %j without quoting it', (value) => {
    expect(() => parseEndpoint(value)).toThrow(/^(?!.*(secret|evil))(must|may)/);
  });
});

it('loopback is 127.0.0.0/8, ::1 and localhost', () => {
  const names = ['127.0.0.1', '127.255.1.2', 'localhost', '[::1]'];
  expect(names.filter(isLoopback)).toEqual(names);
  expect(['128.0.0.1', '127.1', 'localhost.example', '::1'].filter(isLoopback)).toEqual([]);
});
