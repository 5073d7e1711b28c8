import { createHmac } from 'node:crypto';

import type { Authenticated, CallerEndpoint, Deps, RequestContext, Routed } from '../endpoint.ts';
import { WEBHOOK_CHALLENGE } from '../lib/auth/principal.ts';
import { startDeadline } from '../lib/deadline.ts';
import { header } from '../lib/http/message.ts';
import { Problem } from '../lib/problems.ts';
import { TASK_ID } from '../lib/tasks.ts';
import { TOO_MANY } from '../lib/webhooks/extract.ts';
import type { SignedRequest } from '../lib/webhooks/prove.ts';
import type { WebhookSender } from '../lib/webhooks/webhook-senders.ts';
import {
  verifyWebhook,
  webhookMessage,
  type SignedSender,
} from '../lib/webhooks/webhook-signature.ts';
import type { Settings } from '../settings.ts';
import { before, type Middleware } from '../request-context.ts';
import { bodyOf } from './request.ts';

/**
 * Authenticates the sender that the URL names by the proof of its own entry: no secret is ever tried for
 * another one. A sender with a static secret proves itself before its body is read.
 *
 * @throws Problem `unauthenticated`, the same for a sender that is not there; `payload-too-large`,
 *   `request-timeout`, `overloaded`
 */
export function authenticateSender(
  { webhookSenders }: Settings,
  { maxBytes }: NonNullable<CallerEndpoint['body']>,
  { clock }: Pick<Deps, 'clock'>,
): Middleware<RequestContext & Routed> {
  const senders = new Map(webhookSenders.map((sender) => [sender.id, sender]));
  return before(async (context): Promise<Authenticated & Partial<RequestContext>> => {
    const { request, parameter } = context;
    const sender = senders.get(parameter);
    const deadline = sender ? shortened(context, sender, clock) : context.deadline;
    const { headers } = request;
    const isStatic = sender?.proof.by === 'secret';
    if (isStatic) await prove(sender, { headers, body: NO_BODY }, clock.now());
    const body = await bodyOf({ request, deadline }, maxBytes, isStatic);
    if (!sender) throw unknownSender(body);
    if (!isStatic) await prove(sender, { headers, body }, clock.now());
    return { principal: sender.principal, sender, body, deadline };
  });
}

const NO_BODY = Buffer.alloc(0);

/** A sender that waits only a few seconds gets its answer before it gives up. */
function shortened(
  { deadline, startedAt, onEnd }: RequestContext,
  { row }: WebhookSender,
  clock: Deps['clock'],
): RequestContext['deadline'] {
  if (row.answerMs === undefined) return deadline;
  const ms = row.answerMs - (clock.steadyMs() - startedAt);
  const shorter = startDeadline(Math.min(ms, deadline.remaining()), clock, deadline.signal);
  onEnd.push(() => shorter.close());
  return shorter;
}

/** @throws Problem `unauthenticated` */
async function prove(
  { proof, principal }: WebhookSender,
  request: SignedRequest,
  nowMs: number,
): Promise<void> {
  const { whyNotProven } = await import('../lib/webhooks/deliveries.ts');
  const reason =
    proof.by === 'standard'
      ? whyNotStandard({ principal, ...proof }, request, nowMs)
      : whyNotProven(proof, request, nowMs);
  if (reason !== undefined) throw refused(`${principal.id}: ${reason}`);
}

/** On this route every 401 is the same, and names no header field. */
function whyNotStandard(
  sender: SignedSender,
  { headers, body }: SignedRequest,
  nowMs: number,
): string | undefined {
  for (const [name, values] of headers) {
    if (values.length > 1 && /^(webhook|svix)-/.test(name)) return `${name} is repeated`;
  }
  try {
    verifyWebhook([sender], webhookMessage(headers, body), nowMs);
    return undefined;
  } catch (error) {
    if (error instanceof Problem) return error.reason ?? error.message;
    throw error;
  }
}

/** Takes as long as a wrong signature, and says the same. */
function unknownSender(body: Buffer): Problem {
  createHmac('sha256', 'the secret of nobody').update(body).digest();
  return refused('there is no such sender');
}

function refused(reason: string): Problem {
  const detail =
    'The request does not prove that this sender sent it. Each sender proves itself as its entry says: by a current signature of the body, or by a secret in a header field.';
  return new Problem('unauthenticated', { detail, reason, headers: WEBHOOK_CHALLENGE });
}

/**
 * Reads the delivery of a sender that has proved itself. What is wrong with it is kept until the sender's
 * quota was checked: that comes first.
 */
export function readDeliveryOf(
  { defaultRegion, allowedRegions }: Settings,
  log: Deps['log'],
): Middleware {
  const served = { defaultRegion, allowedRegions, taskPattern: TASK_ID };
  return before(async ({ sender, request, body, requestId }) => {
    if (!sender) return undefined;
    const { readDelivery } = await import('../lib/webhooks/deliveries.ts');
    const contentType = header(request.headers, 'content-type');
    const read = readDelivery(sender, { contentType, body }, served);
    if (read.refusal?.reason === TOO_MANY) {
      log.write('error', 'too-many-tasks', { requestId, principal: sender.principal.id });
    }
    return { read };
  });
}
