import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import type { OpenEndpoint, Route, Routed } from '../../src/endpoint.ts';
import { Problem } from '../../src/lib/problems.ts';
import { allowedMethods, routeRequest } from '../../src/middlewares/request.ts';

const endpoint = (): OpenEndpoint => ({ handle: () => ({ status: 200, headers: {}, body: '' }) });
const [cancel, get, hook, health] = [endpoint(), endpoint(), endpoint(), endpoint()];
const tasks: Route = { template: '/tasks/{taskId}', methods: { DELETE: cancel, GET: get } };
const cancelOnly: Route = { template: '/only/{id}', methods: { DELETE: cancel } };
const webhook: Route = { template: '/webhooks/cancel-task', methods: { POST: hook } };
const healthz: Route = { template: '/healthz', methods: { GET: health } };
const routes = [tasks, cancelOnly, webhook, healthz];

function routed(...args: Parameters<typeof routeRequest>): Routed {
  const found = routeRequest(...args);
  if (found instanceof Problem) throw found;
  return found;
}
const match = (path: string, basePath: string) =>
  routed(routes, { method: 'OPTIONS', path }, basePath);
const endpointFor = (route: Route, method: string) =>
  routed([{ ...route, template: '/x' }], { method, path: '/x' }, '').endpoint;

describe('a path', () => {
  it.each<[string, string, Route, string]>([
    ['/tasks/abc', '', tasks, 'abc'],
    ['/tasks/a%2fb', '', tasks, 'a%2fb'],
    ['/tasks/%', '', tasks, '%'],
    ['/tasks/..', '', tasks, '..'],
    ['/tasks/{taskId}', '', tasks, '{taskId}'],
    ['/webhooks/cancel-task', '', webhook, ''],
    ['/healthz', '', healthz, ''],
    ['/gateway/tasks/abc', '/gateway', tasks, 'abc'],
    ['/tasks/abc', '/gateway', tasks, 'abc'],
    ['/gateway/healthz', '/gateway', healthz, ''],
    ['/a/b/healthz', '/a/b', healthz, ''],
  ])('%s, base path "%s"', (path, basePath, route, parameter) => {
    expect(match(path, basePath)).toMatchObject({ parameter });
    expect(match(path, basePath).route).toBe(route);
  });

  it.each([
    ['', ''],
    ['/', ''],
    ['*', ''],
    ['/tasks', ''],
    ['/tasks/', ''],
    ['/tasks//', ''],
    ['//tasks/abc', ''],
    ['/tasks/abc/', ''],
    ['/tasks/a/b', ''],
    ['/Tasks/abc', ''],
    ['/task%73/abc', ''],
    ['tasks/abc', ''],
    ['/x/tasks/abc', ''],
    ['/healthz/', ''],
    ['/healthz/x', ''],
    ['/healthz%2f', ''],
    ['/webhooks', ''],
    ['/webhooks/x', ''],
    ['/__proto__', ''],
    ['/gateway', '/gateway'],
    ['/gateway/', '/gateway'],
    ['/gatewayhealthz', '/gateway'],
    ['/gateway/gateway/healthz', '/gateway'],
    ['/Gateway/healthz', '/gateway'],
  ])('"%s" leads nowhere, base path "%s"', (path, basePath) => {
    expect(() => match(path, basePath)).toThrow(
      expect.objectContaining({ code: 'route-not-found' }),
    );
  });

  it('gives its parameter as it was sent: never decoded, never more than one segment', () => {
    const segment = fc.string({ minLength: 1, unit: 'grapheme' }).filter((s) => !s.includes('/'));
    fc.assert(
      fc.property(segment, (parameter) => {
        expect(match(`/tasks/${parameter}`, '').parameter).toBe(parameter);
      }),
    );
  });
});

describe('a method', () => {
  it('leads to its endpoint, HEAD to that of GET', () => {
    expect(endpointFor(tasks, 'DELETE')).toBe(cancel);
    expect(endpointFor(tasks, 'GET')).toBe(get);
    expect(endpointFor(tasks, 'HEAD')).toBe(get);
    expect(endpointFor(webhook, 'POST')).toBe(hook);
  });

  it.each([
    ['POST', tasks, 'DELETE, GET, HEAD, OPTIONS'],
    ['delete', tasks, 'DELETE, GET, HEAD, OPTIONS'],
    ['', tasks, 'DELETE, GET, HEAD, OPTIONS'],
    ['toString', tasks, 'DELETE, GET, HEAD, OPTIONS'],
    ['__proto__', tasks, 'DELETE, GET, HEAD, OPTIONS'],
    ['GET', cancelOnly, 'DELETE, OPTIONS'],
    ['HEAD', cancelOnly, 'DELETE, OPTIONS'],
    ['GET', webhook, 'POST, OPTIONS'],
    ['DELETE', healthz, 'GET, HEAD, OPTIONS'],
  ])('"%s" is refused where the route has it not', (method, route, allow) => {
    expect(allowedMethods(route)).toBe(allow);
    expect(() => endpointFor(route, method)).toThrow(
      expect.objectContaining({ code: 'method-not-allowed', headers: { Allow: allow } }),
    );
  });
});
