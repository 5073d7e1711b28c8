import { prefersChinese } from '../lib/http/preferences.ts';
import { PROBLEMS } from '../lib/problems.ts';
import { IN_LANGUAGES } from '../lib/http/response.ts';
import type { Middleware } from '../request-context.ts';
import type { PartialContext } from '../endpoint.ts';

/** Puts the sentences of a response into Chinese, if the client prefers it. Names, codes and outcomes stay. */
const translate: Middleware<PartialContext>['after'] = async (request) => {
  const { response, event } = request;
  if (response?.headers['Vary'] !== IN_LANGUAGES.Vary) return;
  if (!prefersChinese(event.request.headers.get('accept-language')?.join() ?? '')) return;
  const { CHINESE, inChinese } = await import('../lib/chinese.ts');
  const body = JSON.stringify(inChinese(JSON.parse(response.body), PROBLEMS));
  request.response = { ...response, headers: { ...response.headers, ...CHINESE }, body };
};

export const language: Middleware<PartialContext> = { after: translate, onError: translate };
