import { signWebhook } from '../../scripts/callers/webhook-sign.ts';
import type { Principal } from '../../src/lib/auth/principal.ts';
import { toHeaderFields } from '../../src/lib/http/message.ts';
import { STANDARD_WEBHOOKS } from '../../src/lib/webhooks/kinds.ts';
import { findSigner, type Signer } from '../../src/lib/webhooks/proof.ts';

/** The example of the Standard Webhooks specification's own libraries. */
export const EXAMPLE = {
  secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  timestamp: 1_614_265_330,
  body: '{"test": 2432232314}',
  v1: 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
} as const;

/** The same message signed by Svix's server, whose signature stands in the specification too. */
export const SVIX = {
  privateKey:
    'whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==',
  publicKey: 'whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=',
  v1a: 'v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==',
} as const;

/** The three header fields and the body. */
export interface WebhookMessage {
  readonly id: string | undefined;
  readonly timestamp: string | undefined;
  readonly signature: string | undefined;
  readonly body: Buffer;
}

/** Finds the sender of a webhook, as `/webhooks/cancel-task` does. @throws Problem `unauthenticated` */
export function verifyWebhook(
  senders: readonly (Signer & { readonly principal: Principal })[],
  { body, ...fields }: WebhookMessage,
  nowMs: number,
): Principal {
  const pairs = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [[`webhook-${name}`, value] as const],
  );
  const request = { headers: toHeaderFields(pairs), body };
  return findSigner(STANDARD_WEBHOOKS, senders, request, nowMs).principal;
}

/** A webhook as the gateway sees it, signed with each of the secrets. */
export function signedWebhook(
  secrets: readonly string[],
  message: { id?: string; timestamp?: number; body?: string | Buffer } = {},
): { id: string; timestamp: string; signature: string; body: Buffer } & WebhookMessage {
  const { id = EXAMPLE.id, timestamp = EXAMPLE.timestamp, body = EXAMPLE.body } = message;
  return {
    id,
    timestamp: String(timestamp),
    signature: signWebhook({ id, timestamp, body }, secrets),
    body: Buffer.from(body),
  };
}
