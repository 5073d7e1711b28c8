import { createHmac } from 'node:crypto';

import type { CallerContext, Delivered, Deps, RequestContext, Routed } from '../endpoint.ts';
import { startDeadline } from '../lib/clock.ts';
import { header } from '../lib/http/message.ts';
import type { Problem } from '../lib/problems.ts';
import { readDelivery, TOO_MANY } from '../lib/webhooks/deliveries.ts';
import { notProven, verifySender } from '../lib/webhooks/proof.ts';
import type { WebhookSender } from '../lib/webhooks/webhook-senders.ts';
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
  maxBytes: number,
  { clock }: Pick<Deps, 'clock'>,
): Middleware<RequestContext & Routed> {
  const senders = new Map(webhookSenders.map((sender) => [sender.id, sender]));
  return before(async (context) => {
    const { request, parameter } = context;
    const sender = senders.get(parameter);
    if (!sender) throw unknownSender(await bodyOf(context, maxBytes, false));
    const deadline = shortened(context, sender, clock);
    const isStatic = sender.proof.by === 'secret';
    if (isStatic) verifySender(sender, { ...request, body: NO_BODY }, clock.now());
    const body = await bodyOf({ request, deadline }, maxBytes, isStatic);
    if (!isStatic) verifySender(sender, { ...request, body }, clock.now());
    return { principal: sender.principal, sender, body, deadline };
  });
}

const NO_BODY = Buffer.alloc(0);

/** Takes as long as a wrong signature, and says the same. */
function unknownSender(body: Buffer): Problem {
  createHmac('sha256', 'the secret of nobody').update(body).digest();
  return notProven('there is no such sender');
}

/** If a sender waits for a few seconds only, its deadline ends earlier: it gets a response before it gives up. */
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

/**
 * Reads the delivery of a sender that has proved itself. What is wrong with it is kept until the sender's
 * quota was checked: that comes first.
 */
export function readDeliveryOf(
  settings: Settings,
  log: Deps['log'],
): Middleware<CallerContext & Delivered> {
  return before(({ sender, request, body, requestId }) => {
    const contentType = header(request.headers, 'content-type');
    const read = readDelivery(sender, { contentType, body }, settings);
    if (read.refusal?.reason === TOO_MANY) {
      log.write('error', 'too-many-tasks', { requestId, principal: sender.principal.id });
    }
    return { read };
  });
}
