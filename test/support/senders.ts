import { createHmac, hash } from 'node:crypto';

/**
 * Senders as they are: for each kind an entry of the gateway, a body in the sender's real shape, and what
 * its documents say that it signs. Nothing here is made by the gateway's own code.
 */

type Pairs = readonly (readonly [string, string])[];

export interface Sender {
  readonly kind: string;
  /** What the entry has beside `id` and `kind`. */
  readonly entry: Readonly<Record<string, unknown>>;
  readonly contentType: string;
  /** A delivery that names these tasks. */
  body(...taskIds: readonly string[]): string;
  /** The header fields that prove it. @param seconds of the clock at the sender */
  prove(body: string, seconds: number): Pairs;
  /** It has a timestamp, so that an old delivery is refused. */
  readonly isTimed?: true;
  /** One delivery names one task only. */
  readonly isSingle?: true;
  /** A static secret: the body is not proved. */
  readonly isStatic?: true;
}

export const SECRET = 'a-signing-secret-of-the-sender';
export const digest = (text: string): string => hash('sha256', text);
const hex = (content: string, secret = SECRET): string =>
  createHmac('sha256', secret).update(content).digest('hex');

const JSON_TYPE = 'application/json';

/** Alertmanager's and Grafana's, one firing alert a task, and one that is over. */
const alerts = (...taskIds: readonly string[]): string =>
  JSON.stringify({
    receiver: 'cancel',
    status: 'firing',
    version: '4',
    groupKey: '{}:{alertname="QueryTooLong"}',
    truncatedAlerts: 0,
    alerts: [
      ...taskIds.map((id) => ({
        status: 'firing',
        labels: { alertname: 'QueryTooLong', dlc_task_id: id },
        annotations: {},
        startsAt: '2026-11-25T10:00:00Z',
        endsAt: '0001-01-01T00:00:00Z',
        fingerprint: 'c6ead0',
      })),
      { status: 'resolved', labels: { dlc_task_id: 'over' }, annotations: {} },
    ],
  });

const own = (taskId = ''): string =>
  JSON.stringify({ type: 'task.cancel', timestamp: '2026-11-25T10:00:00Z', data: { taskId } });

const deployment = (taskId = ''): string =>
  JSON.stringify({
    action: 'created',
    deployment: { id: 1, payload: { dlc_task_id: taskId } },
    repository: { full_name: 'octo/etl' },
  });
const IN_DEPLOYMENT = { id: '/deployment/payload/dlc_task_id' };

/** Signed over the body alone, in a field of its own. */
const ofBody = (kind: string, field: string, prefix: string): Sender => ({
  kind,
  entry: { secrets: [SECRET], task: IN_DEPLOYMENT },
  contentType: JSON_TYPE,
  body: deployment,
  prove: (body) => [[field, `${prefix}${hex(body)}`]],
  isSingle: true,
});

const bearer = (kind: string, body: Sender['body'], members: object = {}): Sender => ({
  kind,
  entry: { sha256: [digest(SECRET)] },
  contentType: JSON_TYPE,
  body,
  prove: () => [['Authorization', `Bearer ${SECRET}`]],
  isStatic: true,
  ...members,
});

const form = (fields: Readonly<Record<string, string>>): string =>
  new URLSearchParams(fields).toString();

/** https://docs.slack.dev/authentication/verifying-requests-from-slack */
const slack = (body: Sender['body']): Sender => ({
  kind: 'slack',
  entry: { secrets: [SECRET] },
  contentType: 'application/x-www-form-urlencoded',
  body,
  prove: (text, seconds) => [
    ['X-Slack-Request-Timestamp', String(seconds)],
    ['X-Slack-Signature', `v0=${hex(`v0:${seconds}:${text}`)}`],
  ],
  isTimed: true,
  isSingle: true,
});

const WHSEC = `whsec_${Buffer.from('the bytes of a webhook secret...').toString('base64')}`;

const standard = (kind: string, entry: Sender['entry'], key: string | Buffer): Sender => ({
  kind,
  entry,
  contentType: JSON_TYPE,
  body: kind === 'gitlab' ? (id) => JSON.stringify({ variables: { task: id } }) : own,
  prove(body, seconds) {
    const signature = createHmac('sha256', key).update(`msg_1.${seconds}.${body}`).digest('base64');
    return [
      ['webhook-id', 'msg_1'],
      ['webhook-timestamp', String(seconds)],
      ['webhook-signature', `v1,${signature}`],
    ];
  },
  isTimed: true,
  isSingle: true,
});

export const SENDERS: Readonly<Record<string, Sender>> = {
  grafana: {
    kind: 'grafana',
    entry: { secrets: [SECRET] },
    contentType: JSON_TYPE,
    body: alerts,
    prove: (body) => [['X-Grafana-Alerting-Signature', hex(body)]],
  },
  'grafana with a timestamp': {
    kind: 'grafana',
    entry: { secrets: [SECRET], timestampHeader: 'X-Grafana-Alerting-Timestamp' },
    contentType: JSON_TYPE,
    body: alerts,
    prove: (body, seconds) => [
      ['X-Grafana-Alerting-Timestamp', String(seconds)],
      ['X-Grafana-Alerting-Signature', hex(`${seconds}:${body}`)],
    ],
    isTimed: true,
  },
  'grafana with a token': bearer('grafana', alerts),
  'alertmanager with a token': bearer('alertmanager', alerts),
  'alertmanager with a password': bearer('alertmanager', alerts, {
    entry: { via: 'basic', sha256: [digest(`alertmanager:${SECRET}`)] },
    prove: () => [
      ['Authorization', `Basic ${Buffer.from(`alertmanager:${SECRET}`).toString('base64')}`],
    ],
  }),
  github: ofBody('github', 'X-Hub-Signature-256', 'sha256='),
  gitea: ofBody('gitea', 'X-Gitea-Signature', ''),
  forgejo: ofBody('forgejo', 'X-Forgejo-Signature', ''),
  bitbucket: ofBody('bitbucket', 'X-Hub-Signature', 'sha256='),
  gitlab: standard(
    'gitlab',
    { secrets: [WHSEC], task: { id: '/variables/task' } },
    Buffer.from(WHSEC.slice(6), 'base64'),
  ),
  'gitlab with a text as its secret': standard(
    'gitlab',
    { secrets: [SECRET], task: { id: '/variables/task' } },
    SECRET,
  ),
  'gitlab with a token': bearer('gitlab', deployment, {
    entry: { sha256: [digest(SECRET)], task: IN_DEPLOYMENT },
    prove: () => [['X-Gitlab-Token', SECRET]],
    isSingle: true,
  }),
  'a command of slack': slack((id = '') =>
    form({ command: '/dlc-cancel', text: id, user_id: 'U1', team_id: 'T1', token: 'x' }),
  ),
  'a button of slack': slack((id = '') =>
    form({
      payload: JSON.stringify({
        type: 'block_actions',
        user: { id: 'U1' },
        team: { id: 'T1' },
        actions: [{ action_id: 'cancel', value: id }],
      }),
    }),
  ),
  pagerduty: {
    ...ofBody('pagerduty', 'X-PagerDuty-Signature', 'v1='),
    entry: { secrets: [SECRET], task: { id: '/event/data/custom_fields/0/value' } },
    body: (id) =>
      JSON.stringify({
        event: {
          event_type: 'incident.custom_field_values.updated',
          data: { custom_fields: [{ value: id }] },
        },
      }),
    prove: (body) => [['X-PagerDuty-Signature', `v1=${hex(body, 'old')},v1=${hex(body)}`]],
  },
  stripe: {
    kind: 'stripe',
    entry: { secrets: [SECRET], task: { id: '/data/object/metadata/task' } },
    contentType: 'application/json; charset=utf-8',
    body: (id) => JSON.stringify({ id: 'evt_1', data: { object: { metadata: { task: id } } } }),
    prove: (body, seconds) => [
      ['Stripe-Signature', `t=${seconds},v0=${hex('x')},v1=${hex(`${seconds}.${body}`)}`],
    ],
    isTimed: true,
    isSingle: true,
  },
  datadog: bearer('datadog', own, { isSingle: true }),
  cls: bearer('cls', own, {
    entry: { via: 'X-Cls-Secret', sha256: [digest(SECRET)] },
    prove: () => [['X-Cls-Secret', SECRET]],
    isSingle: true,
  }),
  'a kafka sink': bearer('generic-secret', own, { isSingle: true }),
  'a sender of its own form': {
    kind: 'generic-hmac',
    entry: {
      secrets: [Buffer.from(SECRET).toString('base64')],
      hmac: {
        header: 'X-Sign',
        signed: '{id}:{timestamp}:{body}!',
        encoding: 'base64',
        prefix: 'sig=',
        split: ' ',
        id: { header: 'X-Id' },
        timestamp: { header: 'X-Time' },
        unit: 'ms',
        tolerance: 60,
        key: 'base64',
      },
      task: { id: '/task' },
    },
    contentType: 'application/cloudevents+json',
    body: (id) => JSON.stringify({ task: id }),
    prove(body, seconds) {
      const content = `m-1:${seconds * 1000}:${body}!`;
      const signature = createHmac('sha256', SECRET).update(content).digest('base64');
      return [
        ['X-Id', 'm-1'],
        ['X-Time', String(seconds * 1000)],
        ['X-Sign', `other sig=${signature}`],
      ];
    },
    isTimed: true,
    isSingle: true,
  },
  'standard webhooks': standard(
    'standard-webhooks',
    { secrets: [WHSEC] },
    Buffer.from(WHSEC.slice(6), 'base64'),
  ),
};
