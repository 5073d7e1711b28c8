import { expect, it } from '@jest/globals';
import { default as middy, type MiddlewareObj, type Request } from '@middy/core';

/** What the pipeline relies on in middy's core, so that another version shows what it changes. */

type Hook = MiddlewareObj<object, string>;

/** Runs two middlewares around a handler. @returns the steps that ran, in order, and the response or error */
async function run(
  outer: (steps: string[]) => Hook,
  inner: (steps: string[]) => Hook,
  handle: () => string = () => 'response',
): Promise<{ steps: string[]; result: unknown }> {
  const steps: string[] = [];
  const pipeline = middy<object, string>({ timeoutEarlyInMillis: 0 }).use([
    outer(steps),
    inner(steps),
  ]);
  const handler = pipeline.handler(async () => handle());
  const result = await handler({}, Object.create(null)).catch((error: unknown) => error);
  return { steps, result };
}

const noting =
  (name: string) =>
  (steps: string[]): Hook => ({
    before: () => void steps.push(`${name} before`),
    after: () => void steps.push(`${name} after`),
    onError: (request: Request<object, string>) => {
      steps.push(`${name} onError`);
      request.response ??= `made by ${name}`;
    },
  });

const fail = (): never => {
  throw new Error('a defect');
};

it('runs before outermost first, and after innermost first', async () => {
  const { steps, result } = await run(noting('outer'), noting('inner'));
  expect(steps).toEqual(['outer before', 'inner before', 'inner after', 'outer after']);
  expect(result).toBe('response');
});

it('runs every onError, innermost first, and each sees the response of the one before', async () => {
  const { steps, result } = await run(noting('outer'), noting('inner'), fail);
  expect(steps.slice(2)).toEqual(['inner onError', 'outer onError']);
  expect(result).toBe('made by inner');
});

it('runs the onError of a middleware whose before never ran', async () => {
  const { steps } = await run(() => ({ before: fail }), noting('inner'));
  expect(steps).toEqual(['inner onError']);
});

it.each(['early', null])(
  'skips the handler and every after if a before returns %j',
  async (value) => {
    const early = (): Hook => ({ before: () => value });
    expect(await run(noting('outer'), early)).toEqual({ steps: ['outer before'], result: value });
  },
);

it('skips the outer onError if an inner one returns a value', async () => {
  const early = (): Hook => ({ onError: () => 'early' });
  expect(await run(noting('outer'), early, fail)).toEqual({
    steps: ['outer before'],
    result: 'early',
  });
});

it('loses the response if an after throws', async () => {
  const { result } = await run(noting('outer'), () => ({ after: fail }));
  expect(result).toBe('made by outer');
});

it('asks no context for the remaining time, with its early timeout off', async () => {
  const context = { getRemainingTimeInMillis: fail };
  const handler = middy<object, string>({ timeoutEarlyInMillis: 0 }).handler(
    async () => 'response',
  );
  expect(await handler({}, Object.assign(Object.create(null), context))).toBe('response');
});
