import { readdirSync, readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';

import { TAGS } from '../scripts/openapi/document.ts';
import { demoTasks } from '../scripts/start/demo.ts';

/** The playground's calculations; test/browser has its page. */

interface Step {
  readonly kind: string;
  readonly text: string;
  readonly from: number;
  readonly to: number;
}
type ToTimeline = (lines: object[]) => { totalMs: number; steps: Step[] } | undefined;
type BusiestBySteps = (agoMs: number[], windowMs: number) => number[];

const at = (name: string): string => new URL(`../playground/${name}`, import.meta.url).href;
const { toTimeline }: { toTimeline: ToTimeline } = await import(at('timeline.js'));
const { ZH }: { ZH: Record<string, string> } = await import(at('zh.js'));
const { busiestBySteps }: { busiestBySteps: BusiestBySteps } = await import(at('busiest.js'));

/** A line of the log, so many milliseconds after the request arrived. */
const line = (ms: number, event: string, fields: object): object => ({
  time: new Date(1_700_000_000_000 + ms).toISOString(),
  event,
  ...fields,
});
const brief = (lines: object[]): unknown =>
  toTimeline(lines)?.steps.map(({ kind, from, to }) => [kind, from, to]);

describe('the words of the page', () => {
  const folder = new URL('../playground/', import.meta.url);
  const files = readdirSync(folder).filter((name) => name !== 'zh.js');
  const source = files.map((name) => readFileSync(new URL(name, folder), 'utf8')).join('\n');
  /** As the page looks texts up. */
  const squeezed = (text: string): string =>
    text.replaceAll(/<(\/?\w+)\s*>/g, '<$1>').replaceAll(/\s+/g, ' ');
  const plain = squeezed(source.replaceAll(/'\s*\+\s*'/g, ''));
  /** These come from the emulator and the OpenAPI document. */
  const received = [...demoTasks().map(({ state }) => state), ...Object.keys(TAGS)];
  const marks = (text: string): string[] => text.match(/\{\w+\}|<code>.*?<\/code>/g) ?? [];

  it.each(Object.entries(ZH))(
    'are used in Chinese, with the same values and code: %s',
    (en, zh) => {
      expect([...received, ...(plain.includes(en) ? [en] : [])]).toContain(en);
      expect(zh).toMatch(/[\u3000-\u9fff\uff0c]/);
      expect(marks(zh).toSorted()).toEqual(marks(en).toSorted());
    },
  );

  it('are all in the table', () => {
    const inPages = [...source.matchAll(/<(\w+)[^>]* data-t\s*>([^]*?)<\/\1\s*>/g)];
    const inScripts = [...plain.matchAll(/\bt\( ?'((?:[^'\\]|\\.)*)'/g)];
    const shown = inPages.map(([, , text = '']) => squeezed(text).trim());
    const wanted = [...received, ...shown, ...inScripts.map(([, text = '']) => text)];
    expect(wanted.length).toBeGreaterThan(60);
    expect(wanted.filter((text) => !Object.hasOwn(ZH, text))).toEqual([]);
  });
});

describe('the timeline', () => {
  it('is drawn from slots, calls and the access line', () => {
    const lines = [
      line(30, 'slot', { granted: true, ms: 25 }),
      line(45, 'call', { action: 'CancelTask', attempt: 1, outcome: 'unknown', code: 'x', ms: 14 }),
      line(145, 'slot', { granted: true, ms: 0 }),
      line(160, 'call', {
        action: 'CancelTask',
        attempt: 2,
        outcome: 'refused',
        code: 'y',
        ms: 12,
      }),
      line(170, 'call', { action: 'DescribeTasks', outcome: 'answered', ms: 9 }),
      line(171, 'audit', { decision: 'allow' }),
      line(172, 'request', { status: 200, totalMs: 172 }),
    ];
    expect(brief(lines)).toEqual([
      ['gate', 0, 5],
      ['wait', 5, 30],
      ['bad', 31, 45],
      ['pause', 45, 145],
      ['wait', 145, 145],
      ['bad', 148, 160],
      ['gate', 161, 170],
    ]);
    expect(
      toTimeline(lines)
        ?.steps.map(({ text }) => text)
        .join('\n'),
    ).toContain('Attempt 1: CancelTask, nobody knows whether it took effect, x\nPause');
  });

  it.each([
    [{ code: 'unauthenticated' }, /: refused, unauthenticated$/],
    [{ code: 'task-not-permitted', scheme: 'bearer' }, /known, but refused, task-not-permitted$/],
    [{}, /permission$/],
  ])('of a request without calls of its own has one step: %j', (fields, text) => {
    const timeline = toTimeline([line(7, 'request', { totalMs: 7, ...fields })]);
    const step = { kind: 'gate', from: 0, to: 7, text: expect.stringMatching(text) };
    expect(timeline).toEqual({ totalMs: 7, steps: [step] });
  });

  it('says where there was no slot, and leaves nothing outside of the request', () => {
    const lines = [
      line(2, 'slot', { granted: false, ms: 9 }),
      line(1, 'request', { totalMs: 1, code: 'upstream-rate-limited' }),
    ];
    expect(brief(lines)).toEqual([
      ['gate', 0, 0],
      ['bad', 0, 1],
    ]);
  });

  it('is none before the request was answered', () => {
    expect(toTimeline([line(1, 'slot', { granted: true, ms: 1 })])).toBeUndefined();
  });
});

describe('the rate, for each quarter of a second', () => {
  it('is the most in any second that ends in it', () => {
    // Ten in one moment, ten more 900 ms later, and one 1000 ms after the first ten.
    const agoMs = [...Array(10).fill(1500), ...Array(10).fill(600), 500];
    expect(busiestBySteps(agoMs, 2000)).toEqual([0, 10, 0, 0, 0, 20, 0, 0]);
  });

  it('is nothing where nothing arrived, and knows no arrival before the window', () => {
    expect(busiestBySteps([], 1000)).toEqual([0, 0, 0, 0]);
    expect(busiestBySteps([5000, 0], 1000)).toEqual([0, 0, 0, 1]);
  });
});
