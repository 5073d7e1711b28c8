import { prefersChinese } from '../lib/http/preferences.ts';
import type { HttpRequest, HttpResponse } from '../lib/http/message.ts';
import { IN_LANGUAGES } from '../lib/http/response.ts';
import { PROBLEMS } from '../lib/problems.ts';
import type { Middleware } from '../request-context.ts';
import type { PartialContext } from '../endpoint.ts';

/** Puts the sentences of a response into Chinese, if the client prefers it. Names, codes and outcomes stay. */
export function inItsLanguage(
  { headers }: Pick<HttpRequest, 'headers'>,
  response: HttpResponse,
): Promise<HttpResponse> | HttpResponse {
  const isChinese =
    response.headers['Vary'] === IN_LANGUAGES.Vary &&
    prefersChinese(headers.get('accept-language')?.join() ?? '');
  return isChinese ? translated(response) : response;
}

async function translated(response: HttpResponse): Promise<HttpResponse> {
  const { CHINESE, inChinese } = await import('../lib/chinese.ts');
  const body = JSON.stringify(inChinese(JSON.parse(response.body), PROBLEMS));
  return { ...response, headers: { ...response.headers, ...CHINESE }, body };
}

const translate: Middleware<PartialContext>['after'] = async (request) => {
  const { response, event } = request;
  if (response) request.response = await inItsLanguage(event.request, response);
};

export const language: Middleware<PartialContext> = { after: translate, onError: translate };
