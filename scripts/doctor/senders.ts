import type { Settings } from '../../src/settings.ts';
import type { WebhookSender } from '../../src/lib/webhooks/webhook-senders.ts';
import { ok, warning, type Finding } from './finding.ts';

/** What each webhook sender's entry comes to: how it is verified, what it names, how failures are answered. */
export function checkSenders({ webhookSenders }: Pick<Settings, 'webhookSenders'>): Finding[] {
  return webhookSenders.flatMap((sender) => {
    const { id, kind } = sender;
    const what = [verification(sender), naming(sender), answering(sender)].join('; ');
    return [ok('senders', `${id} (${kind}): ${what}`), ...collisions(sender)];
  });
}

function verification({ kind, proof }: WebhookSender): string {
  if (proof.by === 'secret') return `a static secret, ${proof.via}, ${count(proof.digests.length)}`;
  const secrets = count(proof.keys.length);
  if (kind === 'standard-webhooks') return `Standard Webhooks, ${secrets}`;
  const { header, signed, timestamp, tolerance = 300 } = proof.scheme;
  const replay = timestamp ? `for ${tolerance} s` : 'without a timestamp, so for ever';
  return `HMAC-SHA256 of "${signed}" in ${header}, ${secrets}, good ${replay}`;
}

const count = (secrets: number): string => (secrets === 1 ? '1 secret' : `${secrets} secrets`);
const shown = (pointer: readonly string[]): string => pointer.map((name) => `/${name}`).join('');

function naming({ task, require }: WebhookSender): string {
  const required = require.map(({ name }) => name).join(', ');
  const only = required === '' ? '' : `, if ${required} is as required`;
  if (!task) return `names its task in the body task.cancel${only}`;
  const ids = task.id.map((id) => shown(id) || 'the item').join(' or ');
  const each = task.each ? ` of each of ${shown(task.each) || 'the body'}` : '';
  const where = (task.where ?? []).map(({ name }) => name).join(', ');
  return `names tasks by ${ids}${each}${where === '' ? '' : ` where ${where} fits`}${only}`;
}

function answering({ row }: WebhookSender): string {
  if (row.isSlack) return 'a failure is a text, within 2.5 s';
  return row.answerMs === undefined
    ? 'what may yet succeed is a 503'
    : 'what may yet succeed is a 503, within 4.5 s';
}

/** Fields that platforms and proxies in front of the gateway may take for their own. */
const TAKEN = /^(authorization|x-api-key)$/i;

function collisions({ id, proof }: WebhookSender): Finding[] {
  const field = proof.by === 'secret' ? proof.via : proof.scheme.header;
  return [field]
    .filter((name) => TAKEN.test(name))
    .map((name) => {
      const advice = `let ${id} send another field, or see that nothing in front of the gateway looks at ${name}`;
      return warning('senders', `${id}: ${name} is read as it is, without a scheme`, advice);
    });
}
