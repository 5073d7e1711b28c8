import { expect, it } from '@jest/globals';
import { createSecretKey } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import path from 'node:path';

import { Webhook } from 'standardwebhooks';

import { toHeaderFields } from '../../src/lib/http/message.ts';
import { Problem } from '../../src/lib/problems.ts';
import { KINDS, type KindName } from '../../src/lib/webhooks/kinds.ts';
import { findSigner } from '../../src/lib/webhooks/proof.ts';
import { itWith, NEEDS_TOOLS } from '../support/needs.ts';
import { call, TOOLS } from '../support/tools.ts';

/** What official packages sign is verified; what differs by one byte is not. */

const SECRET = 'whsec_c2VjcmV0IG9mIGFuIG9mZmljaWFsIHNpZ25lciE=';
const BODY = '{"action":"created","text":"é\\n"}';
const NOW = 1_700_000_000;

/** Loads a file of a package in `tools/`. */
async function load(file: string): Promise<object> {
  const loaded: unknown = await import(pathToFileURL(path.join(TOOLS, file)).href);
  return Object(loaded);
}

function isProven(
  kind: KindName,
  fields: Readonly<Record<string, string>>,
  key: string | Buffer,
  body = BODY,
): boolean {
  const { hmac } = KINDS[kind];
  if (!hmac) throw new Error(`${kind} does not sign`);
  const request = { headers: toHeaderFields(Object.entries(fields)), body: Buffer.from(body) };
  try {
    const keys = [createSecretKey(Buffer.from(key))];
    findSigner(hmac, [{ keys }], request, NOW * 1000);
    return true;
  } catch (error) {
    if (error instanceof Problem) return false;
    throw error;
  }
}

function expectProven(
  kind: KindName,
  fields: Readonly<Record<string, string>>,
  key: string | Buffer = SECRET,
): void {
  expect(isProven(kind, fields, key)).toBe(true);
  expect(isProven(kind, fields, key, `${BODY} `)).toBe(false);
  expect(isProven(kind, fields, `${key.toString()}x`)).toBe(false);
}

itWith([NEEDS_TOOLS], '@octokit/webhooks-methods signs as GitHub does', async () => {
  const { sign } = Object(await load('@octokit/webhooks-methods/dist-node/index.js'));
  const signature = String(await sign(SECRET, BODY));
  expectProven('github', { 'X-Hub-Signature-256': signature });
  expectProven('bitbucket', { 'X-Hub-Signature': signature });
});

itWith([NEEDS_TOOLS], 'stripe signs as Stripe does', async () => {
  const { default: Stripe } = Object(await load('stripe/esm/stripe.esm.node.js'));
  const webhooks = Object(Stripe.webhooks ?? new Stripe('sk_test_x').webhooks);
  const options = { payload: BODY, secret: SECRET, timestamp: NOW };
  const header = call({ f: () => [webhooks.generateTestHeaderString(options)] }, 'f')[0];
  expectProven('stripe', { 'Stripe-Signature': String(header) });
});

it('standardwebhooks signs as GitLab does', async () => {
  const signature = new Webhook(SECRET).sign('msg_1', new Date(NOW * 1000), BODY);
  const fields = {
    'webhook-id': 'msg_1',
    'webhook-timestamp': String(NOW),
    'webhook-signature': signature,
  };
  expectProven('gitlab', fields, Buffer.from(SECRET.slice(6), 'base64'));
});
