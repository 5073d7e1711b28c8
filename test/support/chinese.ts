import { inChinese } from '../../src/lib/chinese.ts';
import { PROBLEMS } from '../../src/lib/problems.ts';
import { typeOf, type Received } from './described.ts';

/** Three words of English in a row, which no sentence in Chinese has but for a command. */
export const ENGLISH = /(?<![\w"])(?!npm run)[a-z]+ (?!run)[a-z]+ [a-z]+/i;

/** What a body would be like in Chinese, where it is in English: every sentence has to be in the tables. */
export function faultsOfChinese(received: Received): string[] {
  if (!typeOf(received).endsWith('json') || received.text === '') return [];
  const body = Object(JSON.parse(received.text));
  if (!('detail' in body) && !('results' in body)) return [];
  const { detail, errors = [], results = [] } = Object(inChinese(body, PROBLEMS));
  const sentences = [
    detail ?? [],
    errors.map(({ message }: { message: string }) => message),
    results.map(({ detail: own = '' }: { detail?: string }) => own),
  ].flat(2);
  return sentences
    .filter((one: string) => ENGLISH.test(one))
    .map((one: string) => `no Chinese for: ${one}`);
}
