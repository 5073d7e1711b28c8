import { expect, it } from '@jest/globals';

import { type Page } from '../support/chromium.ts';
import { NEEDS_BROWSER, describeWith } from '../support/needs.ts';
import {
  cancel,
  type PlaygroundBrowser,
  onPlayground,
  summary,
} from '../support/playground-page.ts';

/** What each of the three callers sends and is answered in the playground, as usual and when DLC fails. */

describeWith(NEEDS_BROWSER, 'the playground', () => {
  let at: PlaygroundBrowser;
  let page: Page;
  onPlayground((...opened) => void ([at, page] = opened));

  const toGateway = () => at.sent.filter((request) => request.url.startsWith(at.gateway));

  it('cancels as a frontend, by CORS, and shows the request that left the browser', async () => {
    expect(await cancel(page, 'demo-queued')).toMatch(/^202 Accepted: cancel_requested, after/);
    const request = toGateway().find(({ method }) => method === 'DELETE');
    expect(request?.url).toBe(`${at.gateway}/tasks/demo-queued`);
    await page.click('#request-box summary');
    await page.click('#tab-http');
    const shown = await page.innerText('#request');
    const { authorization, 'x-request-id': requestId } = request?.headers ?? {};
    expect(shown).toContain(`DELETE /tasks/demo-queued HTTP/1.1\nHost: `);
    expect(shown).toContain(`Origin: ${at.url}\nAuthorization: ${authorization}\n`);
    expect(shown).toContain('Accept-Language: en\n');
    expect(shown).toContain(`X-Request-Id: ${requestId}`);
    await page.click('#tab-curl');
    expect(await page.innerText('#request')).toContain(
      `curl -i -X DELETE '${at.gateway}/tasks/demo-`,
    );
    await page.click('#copy');
    await page.waitForSelector('#copied:not(:empty)');
    await page.click('#tab-fetch');
    expect(await page.innerText('#request')).toContain(
      `fetch("${at.gateway}/tasks/demo-queued", {`,
    );
    expect(await page.innerText('#body')).toContain('"outcome": "cancel_requested"');
    expect(await page.innerText('#results')).toMatch(/^demo-queued\s+DLC has accepted/);
    await page.click('#head-box summary');
    expect(await page.innerText('#head')).toMatch(/^HTTP\/1.1 202 Accepted\n[^]*retry-after: 1/);
    expect(await page.innerText('#decision')).toContain(
      'allow, authorization_details; jwt:demo:sub',
    );
    await page.waitForSelector('tr:has-text("demo-queued") .state:text-is("cancelled")');
  });

  it('says that all tasks are as at the start no longer than they are', async () => {
    await page.click('#reset');
    await page.waitForSelector('#reset-said:has-text("as at the start")');
    expect(await cancel(page, 'demo-queued')).toMatch(/^202 Accepted/);
    expect(await page.innerText('#reset-said')).toBe('');
  });

  it('cancels those that are chosen with one request, or says what would become of them', async () => {
    for (const task of ['demo-queued', 'demo-writing']) await page.check(`[value=${task}]`);
    const press = async (button: string) => {
      await page.click(button);
      await page.waitForSelector('#summary:has-text("after")');
      return page.innerText('#summary');
    };
    expect(await press('#dry-run')).toMatch(/^200 OK: 2 would_cancel, after/);
    expect(await page.innerText('#results')).toContain('demo-writing\n200 would_cancel');
    // A trial cancels nothing.
    expect(await page.getAttribute('#summary', 'class')).toBe('noted');
    await page.waitForSelector('body:not(.busy)');
    await page.click('#cancel-chosen');
    await page.waitForSelector('#summary:has-text("2 cancel_requested, after")');
    await page.waitForSelector('tr:has-text("demo-writing") .state:text-is("cancelled")');
    expect(await page.innerText('#request-line')).toBe('POST /tasks:cancel');
  });

  it('shows the results by task: green is only what was cancelled', async () => {
    for (const task of ['queued', 'failed', 'cancelled']) await page.check(`[value=demo-${task}]`);
    await page.click('#cancel-chosen');
    expect(await summary(page)).toMatch(/^200 OK: 1 cancel_requested, 1 task-already-finished, 1/);
    expect(await page.getAttribute('#summary', 'class')).toBe('noted');
    const rows = `[...document.querySelectorAll('#results li')].map((row) => row.className)`;
    expect(await page.evaluate(rows)).toEqual(['good', 'bad', 'noted']);
    expect(await cancel(page, 'demo-cancelled')).toMatch(/^200 OK: already_cancelled/);
    expect(await page.getAttribute('#summary', 'class')).toBe('noted');
  });

  it('is refused with a token for another task', async () => {
    await page.check('#other-token');
    expect(await cancel(page, 'demo-queued')).toMatch(/^403 Forbidden: task-not-permitted/);
    expect(await page.innerText('#timeline')).toContain('known, but refused, task-not-permitted');
    expect(await page.innerText('tr:has-text("demo-queued") .state')).toBe('queued');
  });

  it.each([
    ['webhook', 'Webhook-Signature: v1,', 'allow, scope; hook:demo'],
    ['key', 'X-API-Key: dlcgw_', 'allow, scope; key:demo'],
  ])(
    'cancels as a %s by its own server: the page asks the gateway for nothing',
    async (tab, field, decision) => {
      await page.click(`#tab-${tab}`);
      expect(await cancel(page, 'demo-writing')).toMatch(/^202 Accepted: cancel_requested/);
      await page.click('#request-box summary');
      expect(await page.innerText('#request')).toContain(field);
      expect(await page.innerText('#decision')).toContain(decision);
      expect(toGateway()).toEqual([]);
    },
  );

  it('acknowledges to a webhook sender what is final', async () => {
    await page.click('#tab-webhook');
    expect(await cancel(page, 'demo-succeeded')).toMatch(/^200 OK: task_already_finished/);
    expect(await page.getAttribute('#summary', 'class')).toBe('noted');
  });

  it('calls a tool as an agent, and shows its result, a refusal too', async () => {
    await page.click('#tab-agent');
    expect(await cancel(page, 'demo-writing')).toMatch(/^200 OK: cancel_requested/);
    expect(await page.getAttribute('#summary', 'class')).toBe('good');
    await page.click('#request-box summary');
    await page.click('#tab-http');
    expect(await page.innerText('#request')).toMatch(/^POST \/mcp [^]*"name":"cancel_task"/);
    expect(await page.innerText('#decision')).toContain('allow, scope; key:demo');
    await page.click('#lines-box summary');
    expect(await page.innerText('#lines')).toContain('"tool":"cancel_task","client":"playground');
    expect(await cancel(page, 'demo-failed')).toMatch(/^200 OK: task-already-finished/);
    expect(await page.getAttribute('#summary', 'class')).toBe('bad');
    expect(toGateway()).toEqual([]);
  });

  it.each([
    ['grafana', /^200 OK: 1 cancel_requested/],
    ['slack', /^200 OK: Task demo-writing: DLC was asked to cancel it/],
  ])('sends as %s does', async (kind, response) => {
    await page.click('#tab-webhook');
    await page.selectOption('#kind', kind);
    expect(await cancel(page, 'demo-writing')).toMatch(response);
    expect(await page.getAttribute('#summary', 'class')).toBe('good');
    expect(await page.innerText('#request-line')).toContain(`/webhooks/demo-${kind}`);
  });

  it.each([
    ['reset-before', 'once', /^202 Accepted: cancel_requested, after/],
    ['rate', 'once', /^202 Accepted: cancel_requested, after/],
    ['rate', 'always', /^429 Too Many Requests: upstream-rate-limited/],
    ['nonsense', 'always', /^502 Bad Gateway: upstream-invalid-response, nobody knows/],
    ['unavailable', 'always', /^503 Service Unavailable: upstream-unavailable, nobody knows/],
  ])('shows the effect of a fault: %s, %s', async (fault, times, response) => {
    await page.selectOption('#fault', fault);
    await page.selectOption('#times', times);
    expect(await cancel(page, 'demo-initializing')).toMatch(response);
    expect(await page.innerText('#timeline')).toContain('Attempt 2');
    // The next one is not met by what was left over.
    await page.selectOption('#fault', 'none');
    expect(await cancel(page, 'demo-initializing')).toMatch(/^20[02] /);
  });

  it('shows a 200 although the response was lost, and draws why', async () => {
    await page.selectOption('#fault', 'lost');
    await page.check('#prefer');
    expect(await page.innerText('#armed')).toContain('takes effect, but the response is lost');
    await page.click('#try-fault');
    expect(await summary(page)).toMatch(/^200 OK: cancelled, after/);
    const timeline = await page.innerText('#timeline');
    expect(timeline).toMatch(/^Authentication, quota, permission\s/);
    expect(timeline).toMatch(/Attempt 1: CancelTask, nobody knows .*[^]*Attempt 2[^]*Lookup: /);
    await page.waitForSelector('tr:nth-child(1) .state:text-is("cancelled")');
  });
});
