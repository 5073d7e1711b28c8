import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parse } from 'yaml';

import { projectRoot } from '../support/checkout.ts';
import { itWith } from '../support/needs.ts';

/** Each alert rule, tried by Prometheus' own `promtool`: what fires it, and what is near to that and does not. */

const file = path.join(projectRoot, 'deploy/prometheus-rules.yml');
interface Rule {
  readonly alert: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}
const rules: Rule[] = parse(readFileSync(file, 'utf8')).groups[0].rules;

/** Series by name, one sample a minute in promtool's notation: `0+6x30` grows by 6 a minute. */
type Series = Readonly<Record<string, string>>;
interface Case {
  readonly fires: Series;
  readonly isQuiet: Series;
  /** Of the alert, beside those of the rule. */
  readonly labels?: Readonly<Record<string, string>>;
}

const requests = (labels: string): string => `dlc_gateway_requests_total{${labels}}`;
const refusals = (code: string): string => `dlc_gateway_refusals_total{code="${code}"}`;
const cancellations = (outcome: string): string =>
  `dlc_gateway_cancellations_total{outcome="${outcome}"}`;
const calls = (code: string): string =>
  `dlc_gateway_upstream_calls_total{action="CancelTask",code="${code}"}`;
const bucket = (name: string, labels: string, le: string): string =>
  `dlc_gateway_${name}_seconds_bucket{${labels},le="${le}"}`;
/** 0, then one more in the 20th minute. */
const ONCE = '0x20 1x20';
const NEVER = '0x40';

const CASES: Readonly<Record<string, Case>> = {
  DlcGatewayDown: {
    fires: { 'up{job="dlc-task-gateway",instance="a"}': '1x20 0x20' },
    isQuiet: {
      // Back within two minutes, and another job.
      'up{job="dlc-task-gateway",instance="a"}': '1x23 0 1x20',
      'up{job="other",instance="b"}': NEVER,
    },
    labels: { job: 'dlc-task-gateway', instance: 'a' },
  },
  DlcGatewayCredentialsRejected: {
    fires: { [refusals('upstream-credentials-rejected')]: ONCE },
    isQuiet: { [refusals('upstream-credentials-rejected')]: NEVER, [refusals('not-found')]: ONCE },
  },
  DlcGatewayMisconfigured: {
    fires: { [refusals('gateway-misconfigured')]: ONCE },
    isQuiet: { [refusals('gateway-misconfigured')]: NEVER },
  },
  DlcGatewayCrashed: {
    fires: { 'dlc_gateway_crashes_total{origin="request"}': ONCE },
    isQuiet: { 'dlc_gateway_crashes_total{origin="request"}': NEVER },
    labels: { origin: 'request' },
  },
  DlcGatewayErrors: {
    // Batches count too, and probes do not.
    fires: {
      [requests('route="/tasks/{taskId}",status="202"')]: '0+94x40',
      [requests('route="/tasks:cancel",status="500"')]: '0+6x40',
    },
    isQuiet: {
      [requests('route="/tasks/{taskId}",status="202"')]: '0+96x40',
      [requests('route="/tasks/{taskId}",status="502"')]: '0+4x40',
      [requests('route="/readyz",status="503"')]: '0+99x40',
    },
  },
  DlcGatewayOutcomeUnknown: {
    fires: { [cancellations('cancelled')]: '0+98x40', [cancellations('unknown')]: '0+2x40' },
    isQuiet: { [cancellations('cancelled')]: '0+199x40', [cancellations('unknown')]: '0+1x40' },
  },
  DlcGatewayUpstreamFailing: {
    fires: { [calls('none')]: '0+8x40', [calls('upstream-timeout')]: '0+2x40' },
    isQuiet: {
      [calls('none')]: '0+8x40',
      [calls('upstream-timeout')]: '0+0.5x40',
      [calls('upstream-rate-limited')]: '0+5x40',
    },
  },
  DlcGatewayUpstreamSlow: {
    fires: {
      [bucket('upstream_call_duration', 'action="CancelTask"', '2')]: '0+90x40',
      [bucket('upstream_call_duration', 'action="CancelTask"', '3')]: '0+100x40',
      [bucket('upstream_call_duration', 'action="CancelTask"', '+Inf')]: '0+100x40',
    },
    isQuiet: {
      [bucket('upstream_call_duration', 'action="CancelTask"', '2')]: '0+97x40',
      [bucket('upstream_call_duration', 'action="CancelTask"', '3')]: '0+100x40',
      [bucket('upstream_call_duration', 'action="CancelTask"', '+Inf')]: '0+100x40',
    },
    labels: { action: 'CancelTask' },
  },
  DlcGatewayRateUsedUp: {
    fires: { [refusals('upstream-rate-limited')]: '0+12x40' },
    isQuiet: { [refusals('upstream-rate-limited')]: '0+4x40' },
  },
  DlcGatewaySlotsWait: {
    fires: {
      [bucket('slot_wait', 'granted="true"', '2')]: '0+80x40',
      [bucket('slot_wait', 'granted="true"', '3')]: '0+100x40',
      [bucket('slot_wait', 'granted="true"', '+Inf')]: '0+100x40',
    },
    isQuiet: {
      [bucket('slot_wait', 'granted="true"', '2')]: '0+95x40',
      [bucket('slot_wait', 'granted="true"', '3')]: '0+100x40',
      [bucket('slot_wait', 'granted="true"', '+Inf')]: '0+100x40',
      [bucket('slot_wait', 'granted="false"', '3')]: '0+1x40',
      [bucket('slot_wait', 'granted="false"', '+Inf')]: '0+100x40',
    },
  },
  DlcGatewayRateLimitedByDlc: {
    fires: { [calls('upstream-rate-limited')]: '0+1x40' },
    isQuiet: { [calls('upstream-rate-limited')]: '0x20 3x20' },
  },
  DlcGatewayLimitsNotShared: {
    fires: { 'dlc_gateway_shared_limits_up{instance="a"}': '1x10 0x30' },
    isQuiet: { 'dlc_gateway_shared_limits_up{instance="a"}': '1x19 0x2 1x20' },
    labels: { instance: 'a' },
  },
  DlcGatewayAuthProviderUnavailable: {
    fires: { [refusals('auth-provider-unavailable')]: '0+1x40' },
    isQuiet: { [refusals('auth-provider-unavailable')]: NEVER },
  },
  DlcGatewayUnauthenticated: {
    fires: { [refusals('unauthenticated')]: '0+66x40' },
    isQuiet: { [refusals('unauthenticated')]: '0+54x40' },
  },
  DlcGatewayEventLoopLags: {
    fires: { 'nodejs_eventloop_lag_p99_seconds{instance="a"}': '0.2x40' },
    isQuiet: { 'nodejs_eventloop_lag_p99_seconds{instance="a"}': '0.01x15 0.2x8 0.01x20' },
    labels: { instance: 'a' },
  },
  DlcGatewayFileDescriptors: {
    fires: {
      'process_open_fds{instance="a"}': '900x40',
      'process_max_fds{instance="a"}': '1000x40',
    },
    isQuiet: {
      'process_open_fds{instance="a"}': '700x40',
      'process_max_fds{instance="a"}': '1000x40',
    },
    labels: { instance: 'a' },
  },
};

/** A test of `promtool`, which looks at the alert in the 24th minute. */
function toTest({ alert, labels, annotations }: Rule, series: Series, more?: Series) {
  const filled = Object.entries(annotations).map(([name, text]) => [
    name,
    text.replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, (_, label: string) => more?.[label] ?? ''),
  ]);
  const fired = { exp_labels: { ...labels, ...more }, exp_annotations: Object.fromEntries(filled) };
  return {
    interval: '1m',
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    alert_rule_test: [
      { eval_time: '24m', alertname: alert, exp_alerts: more === undefined ? [] : [fired] },
    ],
  };
}

let work: string;
beforeAll(() => {
  work = mkdtempSync(path.join(tmpdir(), 'dlc-alerts-'));
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

describe('deploy/prometheus-rules.yml', () => {
  it('has a case here for each alert', () => {
    expect(Object.keys(CASES)).toEqual(rules.map(({ alert }) => alert));
  });

  itWith(['promtool'], 'fires where it should, and only there', async () => {
    const tests = rules.flatMap((rule) => {
      const { fires, isQuiet, labels = {} } = CASES[rule.alert] ?? { fires: {}, isQuiet: {} };
      return [toTest(rule, fires, labels), toTest(rule, isQuiet)];
    });
    const unit = path.join(work, 'rules.test.yml');
    // JSON is YAML.
    const content = { rule_files: [file], evaluation_interval: '1m', tests };
    writeFileSync(unit, JSON.stringify(content));
    const promtool = (...args: string[]) =>
      execFileSync('promtool', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    expect(promtool('check', 'rules', file)).toContain(`SUCCESS: ${rules.length} rules found`);
    expect(promtool('test', 'rules', unit)).toContain('SUCCESS');
  });
});
