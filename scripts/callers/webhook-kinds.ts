import { createHmac } from 'node:crypto';

import {
  KIND_NAMES,
  KINDS,
  type Kind,
  type SignatureScheme,
} from '../../src/lib/webhooks/kinds.ts';
import { decode } from '../../src/lib/webhooks/proof.ts';
import { badData, wrongUsage } from '../cli/command-line.ts';
import { cancelTaskBody } from './webhook-sign.ts';

/** The sender's side of each kind: for the tool and the playground. */

export interface Delivery {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** False: the header fields hold the secret itself. */
  readonly isSigned: boolean;
}

export interface DeliveryOptions {
  readonly taskId: string;
  readonly region?: string | undefined;
  /** Of the message, if the kind has one. */
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** `bearer`, `basic` or a header field: sends the secret itself, in place of signing. */
  readonly via?: string | undefined;
  readonly timestampHeader?: string | undefined;
  /** Where the id stands in the body, for kinds whose entry says it. */
  readonly pointer?: string | undefined;
}

/** The kinds whose form the row alone says. */
export const SENT_KINDS = KIND_NAMES.filter(
  (name) => name !== 'standard-webhooks' && name !== 'generic-hmac',
);

/**
 * Makes a delivery in the form of a kind.
 *
 * @throws CommandError 64 for a kind that cannot be made, 65 for a secret that cannot be used
 */
export function deliveryOf(name: string, secret: string, options: DeliveryOptions): Delivery {
  const found = SENT_KINDS.find((one) => one === name);
  if (!found) throw wrongUsage(`--kind must be one of ${SENT_KINDS.join(', ')}`);
  const kind: Kind = KINDS[found];
  const body = bodyOf(kind, options);
  const type = kind.isSlack ? 'application/x-www-form-urlencoded' : 'application/json';
  const scheme = options.via === undefined ? kind.hmac : undefined;
  const proof = scheme
    ? sign(scheme, kind, secret, body, options)
    : present(options.via ?? kind.via ?? 'bearer', secret);
  return { headers: { 'Content-Type': type, ...proof }, body, isSigned: scheme !== undefined };
}

function bodyOf(kind: Kind, { taskId, region, now, pointer }: DeliveryOptions): string {
  if (kind.isSlack) return new URLSearchParams({ command: '/dlc-cancel', text: taskId }).toString();
  if (pointer !== undefined) return JSON.stringify(placed(pointer, taskId));
  if (kind.task) {
    const labels = { alertname: 'QueryTooLong', dlc_task_id: taskId };
    return JSON.stringify({ status: 'firing', alerts: [{ status: 'firing', labels }] });
  }
  return cancelTaskBody({ taskId, region }, now);
}

/** An object in which the pointer leads to the value. @throws CommandError 64 */
function placed(pointer: string, value: unknown): unknown {
  if (!/^(\/[^~]+)+$/.test(pointer)) throw wrongUsage('--pointer must be like /data/taskId');
  return pointer
    .split('/')
    .slice(1)
    .reduceRight((inner, name) => ({ [name]: inner }), value);
}

function present(via: string, secret: string): Record<string, string> {
  if (via === 'bearer') return { Authorization: `Bearer ${secret}` };
  if (via !== 'basic') return { [via]: secret };
  return { Authorization: `Basic ${Buffer.from(secret).toString('base64')}` };
}

function sign(
  scheme: SignatureScheme,
  kind: Kind,
  secret: string,
  body: string,
  { id, now, timestampHeader }: DeliveryOptions,
): Record<string, string> {
  const timestamp = String(Math.floor(now / 1000));
  const template = timestampHeader === undefined ? scheme.signed : kind.signedWithTimestamp;
  const content = (template ?? scheme.signed)
    .replace('{id}', id)
    .replace('{timestamp}', timestamp)
    .replace('{body}', () => body);
  const digest = createHmac('sha256', keyOf(scheme, secret)).update(content);
  const signature = `${scheme.prefix ?? ''}${digest.digest(scheme.encoding)}`;
  const { part, header } = scheme.timestamp ?? {};
  const stamp = timestampHeader ?? header;
  return {
    ...(scheme.id && { [scheme.id.header]: id }),
    ...(stamp !== undefined && { [stamp]: timestamp }),
    [scheme.header]: part === undefined ? signature : `${part}${timestamp},${signature}`,
  };
}

function keyOf({ key }: SignatureScheme, secret: string): Buffer {
  if (key !== 'whsec' || !secret.startsWith('whsec_')) return Buffer.from(secret);
  const bytes = decode(secret.slice('whsec_'.length), 'base64');
  if (!bytes) throw badData('the secret must be standard base64, with padding, after whsec_');
  return bytes;
}
