import { expect, it } from '@jest/globals';

import { lazyDocument } from '../../src/lib/api-document.ts';
import { openApiText } from '../../scripts/openapi/document.ts';

it('is read once, at the first use', () => {
  let reads = 0;
  const text = openApiText();
  const document = lazyDocument(() => {
    reads += 1;
    return text;
  }, '');
  expect(reads).toBe(0);
  expect(document()?.text).toBe(text);
  expect(document()).toBe(document());
  expect(document()?.problems['task-busy']).toMatchObject({ advice: expect.any(String) });
  expect(reads).toBe(1);
});

it('is looked for again where it was not there, or was no document', () => {
  const texts = [undefined, '{', '{}', openApiText()];
  const document = lazyDocument(() => {
    const text = texts.shift();
    if (text === undefined) throw new Error('ENOENT');
    return text;
  }, '/gw');
  expect([document(), document(), document()]).toEqual([undefined, undefined, undefined]);
  expect(JSON.parse(document()?.text ?? '')).toMatchObject({ servers: [{ url: '/gw' }] });
});

it('is the same text every time it is made', () => {
  expect(openApiText()).toBe(openApiText());
});
