import { toClaimTests, type ClaimTest, type Pointer } from '../auth/json-pointer.ts';

/**
 * The kinds of webhook senders, as data: how each proves itself, where its bodies name tasks, and which
 * response it wants. A further sender that signs with HMAC-SHA256 is a row here. Sources of the forms:
 * docs/webhooks/.
 */

/** How signatures are made and sent. */
export interface SignatureScheme {
  /** The header field of the signatures. */
  readonly header: string;
  /** What is signed, with `{id}`, `{timestamp}` and `{body}` for what was sent. */
  readonly signed: string;
  readonly encoding: 'hex' | 'base64';
  /** Stands before each HMAC-SHA256. */
  readonly prefix?: string | undefined;
  /** Stands before each signature by an Ed25519 key; absent: there are none. */
  readonly ed25519?: string | undefined;
  /** Between the signatures, if there may be several. */
  readonly split?: ',' | ' ' | undefined;
  readonly id?: { readonly header: string } | undefined;
  /** A field of its own, or what follows a literal such as `t=` among the signatures. */
  readonly timestamp?: { readonly header?: string; readonly part?: string } | undefined;
  /** Of the timestamp; default `s`. */
  readonly unit?: 's' | 'ms' | undefined;
  /** Seconds that the timestamp may differ from now, both ways; default 300. */
  readonly tolerance?: number | undefined;
  /** How secrets are written (`secrets.ts`); default `utf8`. */
  readonly key?: KeyForm | undefined;
  /** The same with other header fields, which count if `header` is absent and theirs is there. */
  readonly alias?: SignatureScheme;
}

/**
 * `whsec`: in base64 after `whsec_`, else UTF-8. `standard`: in base64 after `whsec_`, or after `whpk_` for an Ed25519
 * public key.
 */
export type KeyForm = 'utf8' | 'base64' | 'whsec' | 'standard';

/** Where a body names tasks. Pointers are relative to the item. */
export interface TaskRule {
  /** The list of items; absent: the body is the one item. */
  readonly each?: Pointer | undefined;
  readonly where?: readonly ClaimTest[] | undefined;
  /** The first pointer that leads somewhere. */
  readonly id: readonly Pointer[];
  readonly region?: Pointer | undefined;
}

/** The gateway's own body, which senders with templates send. */
export const OWN_BODY: TaskRule = {
  where: toClaimTests({ '/type': 'task.cancel' }),
  id: [['data', 'taskId']],
  region: ['data', 'region'],
};

export interface Kind {
  /** Absent: it cannot sign. `generic-hmac` has it in the entry. */
  readonly hmac?: SignatureScheme;
  /** What is signed instead if the entry names a `timestampHeader`. */
  readonly signedWithTimestamp?: string;
  /** It can send a static secret; in this way if the entry names no other. */
  readonly via?: string;
  /** Absent: `OWN_BODY`. */
  readonly task?: TaskRule;
  /** Its bodies are its own: an entry without `task` would name nothing. */
  readonly needsTask?: true;
  /** It sends forms, and shows texts to people. */
  readonly isSlack?: true;
  /** Milliseconds within which it must have its response. */
  readonly answerMs?: number;
}

const ALERTS: TaskRule = {
  each: ['alerts'],
  where: toClaimTests({ '/status': 'firing' }),
  id: [['labels', 'dlc_task_id']],
};

const hexOfBody = (header: string, prefix?: string): SignatureScheme => ({
  header,
  prefix,
  signed: '{body}',
  encoding: 'hex',
});

/** @param names begins the names of the header fields */
const standard = (names: 'webhook' | 'svix'): SignatureScheme => ({
  header: `${names}-signature`,
  prefix: 'v1,',
  ed25519: 'v1a,',
  split: ' ',
  encoding: 'base64',
  signed: '{id}.{timestamp}.{body}',
  id: { header: `${names}-id` },
  timestamp: { header: `${names}-timestamp` },
  key: 'standard',
});

/** Standard Webhooks, "Signature scheme". Svix, where it comes from, has names of its own. */
export const STANDARD_WEBHOOKS: SignatureScheme = {
  ...standard('webhook'),
  alias: standard('svix'),
};

const kinds = <Name extends string>(rows: Readonly<Record<Name, Kind>>) => rows;

/** PagerDuty and Cloud Log Service wait 5 s, Slack 3 s; some of it is for the way. */
export const KINDS = kinds({
  'standard-webhooks': { hmac: STANDARD_WEBHOOKS },
  grafana: {
    hmac: hexOfBody('x-grafana-alerting-signature'),
    signedWithTimestamp: '{timestamp}:{body}',
    via: 'bearer',
    task: ALERTS,
  },
  alertmanager: { via: 'bearer', task: ALERTS },
  github: { hmac: hexOfBody('x-hub-signature-256', 'sha256='), needsTask: true },
  gitea: { hmac: hexOfBody('x-gitea-signature'), needsTask: true },
  forgejo: { hmac: hexOfBody('x-forgejo-signature'), needsTask: true },
  bitbucket: { hmac: hexOfBody('x-hub-signature', 'sha256='), needsTask: true },
  gitlab: {
    hmac: { ...standard('webhook'), ed25519: undefined, key: 'whsec' },
    via: 'x-gitlab-token',
    needsTask: true,
  },
  slack: {
    hmac: {
      header: 'x-slack-signature',
      prefix: 'v0=',
      encoding: 'hex',
      signed: 'v0:{timestamp}:{body}',
      timestamp: { header: 'x-slack-request-timestamp' },
    },
    task: { id: [['text'], ['payload', 'actions', '0', 'value']] },
    isSlack: true,
    answerMs: 2250,
  },
  pagerduty: {
    hmac: { ...hexOfBody('x-pagerduty-signature', 'v1='), split: ',' },
    needsTask: true,
    answerMs: 4250,
  },
  stripe: {
    hmac: {
      header: 'stripe-signature',
      prefix: 'v1=',
      split: ',',
      encoding: 'hex',
      signed: '{timestamp}.{body}',
      timestamp: { part: 't=' },
    },
    needsTask: true,
  },
  datadog: { via: 'bearer' },
  cls: { via: 'bearer', answerMs: 4250 },
  'generic-secret': { via: 'bearer' },
  'generic-hmac': {},
});

export type KindName = keyof typeof KINDS;

export const KIND_NAMES = Object.keys(KINDS).filter((name): name is KindName => name in KINDS);
