import { expect, it } from '@jest/globals';

import { misspelt } from '../../../src/settings.ts';

const SETTINGS = ['API_KEYS', 'DLC_REGION', 'DLC_REGIONS', 'PORT'];

it.each([
  ['API_KEY', 'API_KEYS'],
  ['API_KEYSS', 'API_KEYS'],
  ['APY_KEYS', 'API_KEYS'],
  ['APIK_EYS', 'API_KEYS'],
  ['PAI_KEYS', 'API_KEYS'],
  ['api_keys', 'API_KEYS'],
  ['Dlc_Region', 'DLC_REGION'],
  ['DLCREGION', 'DLC_REGION'],
])('%s is near %s', (name, setting) => {
  expect(misspelt({ [name]: 'x' }, SETTINGS)).toEqual([
    `${name}: is no setting and is ignored; ${setting} is one`,
  ]);
});

it.each([
  'API_KEYS',
  'DLC_REGIONS',
  'APIKEY',
  'IPA_KEYS',
  'AIP_KEY',
  'PATH',
  'P',
  '',
  'API_KEYS_FILE',
])('%s is near none', (name) => {
  expect(misspelt({ [name]: 'x' }, SETTINGS)).toEqual([]);
});
