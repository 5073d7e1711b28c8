import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { readDelivery } from '../../../src/lib/webhooks/deliveries.ts';
import { webhookSenderEntries } from '../../../src/lib/webhooks/sender-entries.ts';
import { toWebhookSenders } from '../../../src/lib/webhooks/webhook-senders.ts';

const SERVED = {
  defaultRegion: 'ap-guangzhou',
  allowedRegions: new Set(['ap-guangzhou', 'ap-singapore']),
};
const JSON_TYPE = 'application/json';
const FORM_TYPE = 'application/x-www-form-urlencoded';

function reader(entry: object, contentType = JSON_TYPE) {
  const made = { id: 'it', kind: 'generic-hmac', secrets: ['a-secret-of-the-sender'], ...entry };
  const hmac = { header: 'x-sign', signed: '{body}', encoding: 'hex' };
  const isGeneric = made.kind === 'generic-hmac';
  const [sender] = toWebhookSenders(
    webhookSenderEntries.parse([{ ...made, ...(isGeneric && { hmac }) }]),
    {},
  );
  if (!sender) throw new Error('no sender');
  return (body: unknown) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return readDelivery(sender, { contentType, body: Buffer.from(text) }, SERVED);
  };
}

/** What is named, in short: the id, and its region or why it is none. */
const named = (entry: object, body: unknown, contentType?: string): unknown =>
  reader(
    entry,
    contentType,
  )(body).delivery?.named.map((one) =>
    'region' in one ? `${one.taskId} ${one.region}` : [one.taskId, one.detail],
  );
const refusal = (entry: object, body: unknown, contentType?: string): unknown =>
  reader(entry, contentType)(body).refusal;

const task = (members: object): object => ({ task: { id: '/id', ...members } });
const [ONE, TWO] = ['one ap-guangzhou', 'two ap-guangzhou'];
const NO_STRING = 'A task id must be a JSON string.';
const NO_ID = 'A task id must be 1 to 128 letters, digits, "_" or "-".';
const NO_REGION = 'The region of the task is not one that this gateway serves.';

describe('the task of a delivery', () => {
  it.each([
    ['a member', task({}), { id: 'one' }, [ONE]],
    ['nothing', task({}), {}, []],
    ['null', task({}), { id: null }, []],
    ['an empty text', task({}), { id: '' }, []],
    ['a number', task({}), { id: 12_345 }, [[null, NO_STRING]]],
    ['an object', task({}), { id: {} }, [[null, NO_STRING]]],
    ['no id', task({}), { id: '../é' }, [['????', NO_ID]]],
    ['a long text', task({}), { id: 'x'.repeat(200) }, [['x'.repeat(128), NO_ID]]],
    ['a region', task({ region: '/r' }), { id: 'one', r: 'ap-singapore' }, ['one ap-singapore']],
    ['no region', task({ region: '/r' }), { id: 'one' }, [ONE]],
    ['a region not served', task({ region: '/r' }), { id: 'one', r: 'eu-x' }, [['one', NO_REGION]]],
    ['a region that is no text', task({ region: '/r' }), { id: 'one', r: 1 }, [['one', NO_REGION]]],
    ['the first pointer', task({ id: ['/a', '/b'] }), { a: 'one', b: 'two' }, [ONE]],
    ['the second pointer', task({ id: ['/a', '/b'] }), { b: 'two' }, [TWO]],
    ['an escaped pointer', task({ id: '/a~1b/~0c' }), { 'a/b': { '~c': 'one' } }, [ONE]],
    ['an index', task({ id: '/list/1' }), { list: ['one', 'two'] }, [TWO]],
    ['a member of the prototype', task({ id: '/constructor/name' }), {}, []],
    ['a length', task({ id: '/list/length' }), { list: ['one'] }, []],
    [
      'the items of a list',
      task({ each: '/l' }),
      { l: [{ id: 'one' }, { id: 'two' }] },
      [ONE, TWO],
    ],
    ['a list of texts', task({ each: '/l', id: '' }), { l: ['one', 'two'] }, [ONE, TWO]],
    ['a body that is a list', task({ each: '' }), [{ id: 'one' }], [ONE]],
    ['each that is no list', task({ each: '/l' }), { l: { id: 'one' } }, []],
    [
      'duplicates',
      task({ each: '', id: '' }),
      ['one', 'one', '?', '!', 1, 2],
      [ONE, ['?', NO_ID], [null, NO_STRING]],
    ],
    ['a condition', task({ where: { '/s': ['a', 1] } }), { id: 'one', s: 1 }, [ONE]],
    ['another value', task({ where: { '/s': ['a', 1] } }), { id: 'one', s: '1' }, []],
    ['a list for a value', task({ where: { '/s': 'a' } }), { id: 'one', s: ['a'] }, []],
    ['no such member', task({ where: { '/s': 'a' } }), { id: 'one' }, []],
  ])('%s', (_, entry, body, expected) => {
    expect(named(entry, body)).toEqual(expected);
  });

  it('of which there are more than a hundred are none at all', () => {
    const ids = Array.from({ length: 101 }, (_, i) => `t${i}`);
    const entry = task({ each: '', id: '' });
    expect(named(entry, ids.slice(1))).toHaveLength(100);
    expect(named(entry, [...ids.slice(1), 't100'])).toHaveLength(100);
    expect(refusal(entry, ids)).toMatchObject({
      code: 'invalid-request',
      reason: 'names more than 100 tasks',
    });
  });
});

describe('the own body of the gateway', () => {
  const own = (data: object, type = 'task.cancel'): object => ({ type, data });
  it.each([
    ['names its task', own({ taskId: 'one' }), [ONE]],
    ['may name a region', own({ taskId: 'one', region: 'ap-singapore' }), ['one ap-singapore']],
    ['of another type names nothing', own({ taskId: 'one' }, 'task.created'), []],
  ])('%s', (_, body, expected) => {
    expect(named({}, body)).toEqual(expected);
  });

  it('with a misspelt region is a 400: it must not cancel in another one', () => {
    expect(refusal({}, own({ taskId: 'one', regoin: 'ap-singapore' }))).toMatchObject({
      code: 'invalid-request',
      members: { errors: [{ name: 'data' }] },
    });
  });
});

describe('what an entry requires', () => {
  const entry = { ...task({}), require: { '/team': ['T1', 'T2'] } };
  it('holds, or nothing is permitted', () => {
    expect(named(entry, { id: 'one', team: 'T2' })).toEqual([ONE]);
    for (const team of ['T3', null, ['T1']]) {
      expect(refusal(entry, { id: 'one', team })).toMatchObject({ code: 'task-not-permitted' });
    }
    expect(refusal(entry, { id: 'one' })).toMatchObject({ reason: 'require: /team' });
  });
});

describe('a JSON body', () => {
  const errors = [{ message: expect.stringMatching(/twice/) }];
  const twice = { code: 'invalid-request', members: { errors } };
  it.each([
    ['at the top', '{"id":"one","id":"two"}'],
    ['of equal values', '{"id":"one","id":"one"}'],
    ['further in', '{"id":"one","a":[{"b":{"c":1,"d":":","c":2}}]}'],
    ['written in two ways', String.raw`{"id":"one","\u0069d":"two"}`],
    ['__proto__', '{"__proto__":1,"__proto__":2}'],
    ['an empty name', '{"":1,"":2}'],
  ])('in which an object has a member twice is refused: %s', (_, body) => {
    expect(refusal(task({}), body)).toMatchObject(twice);
  });

  it.each([
    String.raw`{"id":"one","a":"\"b\":1,:","c":[":","{\\"]}`,
    '{"id":"one","a":{"id":1},"b":[{"id":1},{"id":1}]}',
    '{"id":"one","__proto__":{"id":"two"}}',
    ' \t\r\n{ "id" : "one" }\n',
    '\ufeff{"id":"one"}',
  ])('in which none has is read: %s', (body) => {
    expect(named(task({}), body)).toEqual([ONE]);
  });

  it('is refused exactly if a member is written that the value has not', () => {
    fc.assert(
      fc.property(fc.json(), fc.boolean(), (json, isTwice) => {
        const body = isTwice ? `{"a":${json},"b":[{"x":1,"y":${json},"x":${json}}]}` : json;
        const found = refusal({ task: { id: '/nowhere/at/all' } }, body);
        if (isTwice) expect(found).toMatchObject(twice);
        else expect(found).toBeUndefined();
      }),
    );
  });

  it.each(['{', '', '{"id":"one"}x', "{'id':'one'}", 'NaN'])(
    'that is none is refused: %j',
    (body) => {
      expect(refusal(task({}), body)).toMatchObject({
        members: { errors: [{ message: 'must be JSON in UTF-8' }] },
      });
    },
  );

  it.each([
    'application/json; charset=utf-8',
    'application/cloudevents+json',
    'Application/JSON',
    'application/vnd.x.y-1+json ; a=b',
  ])('has the media type %s', (type) => {
    expect(named(task({}), { id: 'one' }, type)).toEqual([ONE]);
  });

  it.each([
    undefined,
    'text/json',
    'application/jsonp',
    'application/x-www-form-urlencoded',
    'json',
  ])('has not the media type %s', (type) => {
    expect(reader(task({}), type ?? '')('{}').refusal).toMatchObject({
      code: 'unsupported-media-type',
      members: { detail: expect.stringContaining('application/json') },
    });
  });
});

describe('a form of Slack', () => {
  const slack = { kind: 'slack' };
  const form = (fields: Record<string, string>): string => new URLSearchParams(fields).toString();
  const payload = (members: object): string =>
    form({
      payload: JSON.stringify({ actions: [{ action_id: 'cancel', value: 'one' }], ...members }),
    });

  it('is a command or a button', () => {
    expect(named(slack, 'text=one&command=%2Fdlc-cancel', FORM_TYPE)).toEqual([ONE]);
    expect(named(slack, payload({}), FORM_TYPE)).toEqual([ONE]);
    expect(named(slack, 'ssl_check=1', FORM_TYPE)).toEqual([]);
    expect(named(slack, 'text=&team_id=T1', FORM_TYPE)).toEqual([]);
  });

  it('says who asked', () => {
    const person = { userId: 'U1', teamId: 'T1' };
    const read = reader(slack, FORM_TYPE);
    expect(read('text=one&user_id=U1&team_id=T1').delivery?.person).toEqual(person);
    expect(read(payload({ user: { id: 'U1' }, team: { id: 'T1' } })).delivery?.person).toEqual(
      person,
    );
    expect(read('text=one&user_id=%0Ax').delivery?.person).toEqual({});
  });

  it('is read by pointers and conditions', () => {
    const where = { '/payload/actions/0/action_id': 'cancel' };
    const entry = {
      ...slack,
      task: { where, id: '/payload/actions/0/value' },
      require: { '/payload/team/id': 'T1' },
    };
    expect(named(entry, payload({ team: { id: 'T1' } }), FORM_TYPE)).toEqual([ONE]);
    expect(refusal(entry, payload({ team: { id: 'T2' } }), FORM_TYPE)).toMatchObject({
      code: 'task-not-permitted',
    });
  });

  it.each([
    ['a field twice', 'text=one&text=two', /twice/],
    ['a field twice, written in two ways', 'text=one&%74ext=two', /twice/],
    ['a payload that is no JSON', 'payload={', /JSON/],
    ['a payload with a member twice', 'payload={"a":1,"a":2}', /twice/],
    ['too many fields', Array.from({ length: 101 }, (_, i) => `f${i}=`).join('&'), /100 fields/],
  ])('with %s is refused', (_, body, message) => {
    expect(refusal(slack, body, FORM_TYPE)).toMatchObject({
      members: { errors: [{ message: expect.stringMatching(message) }] },
    });
  });
});

describe('a hostile body of 256 KiB', () => {
  const SIZE = 256 * 1024;
  const list = (item: string, size: number): string =>
    `{"alerts":[${Array.from({ length: Math.floor(size / (item.length + 1)) }, () => item).join()}]}`;
  const members = (size: number): string =>
    `{${Array.from({ length: Math.floor(size / 9) }, (_, i) => `"${(i + 40_000).toString(36)}":1`).join()}}`;

  it.each([
    ['of empty alerts', (size: number) => list('{}', size)],
    ['of alerts without an id', (size: number) => list('{"status":"firing"}', size)],
    [
      'of one alert again and again',
      (size: number) => list('{"status":"firing","labels":{"dlc_task_id":"a"}}', size),
    ],
    ['nested as deep as it goes', (size: number) => '['.repeat(size / 2) + ']'.repeat(size / 2)],
    ['of members', members],
    ['of one text', (size: number) => `{"a":"${String.raw`\"`.repeat(size / 2)}"}`],
  ])('%s costs in proportion to its length', (_, make) => {
    const read = reader({ kind: 'grafana' });
    const cost = (body: string): number => {
      const before = process.cpuUsage();
      for (let i = 0; i < 8; i += 1) expect(read(body).refusal).toBeUndefined();
      const { user } = process.cpuUsage(before);
      return user;
    };
    const [whole, part] = [make(SIZE), make(SIZE / 8)];
    cost(whole);
    // Eight times the length: what grows with its square would cost 64 times as much.
    const isInProportion = (): boolean => cost(whole) < 32 * Math.max(500, cost(part));
    expect([1, 2, 3].some(isInProportion)).toBe(true);
  });
});
