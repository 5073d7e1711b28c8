import { beforeAll, describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';

import { createLog } from '../../src/lib/observability/log.ts';
import { createMetrics } from '../../src/lib/observability/metrics.ts';
import { PROBLEMS } from '../../src/lib/problems.ts';
import { markdownTable } from '../support/markdown-table.ts';
import { parsePrometheus, type Family } from '../support/prometheus-text.ts';

/** The dashboard, the alert rules and the documents speak of metrics, labels and codes that there are. */
const read = (name: string): string =>
  readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');

interface Dashboard {
  readonly panels: { readonly title: string; readonly targets: { readonly expr: string }[] }[];
}
const dashboard: Dashboard = JSON.parse(read('deploy/grafana-dashboard.json'));
const rules = read('deploy/prometheus-rules.yml');

const expressions: [string, string][] = [
  ...dashboard.panels.flatMap(({ title, targets }) =>
    targets.map(({ expr }): [string, string] => [title, expr]),
  ),
  ...[...rules.matchAll(/- alert: (\w+)\n\s+expr: '(.+)'\n/g)].map(
    ([, name = '', expr = '']): [string, string] => [name, expr],
  ),
];

let families: Map<string, Family>;
beforeAll(async () => {
  const log = createLog('silent');
  const registry = createMetrics(log, { inFlight: 0, waiting: 0 });
  log.write('info', 'request', { code: 'not-found' });
  for (const event of ['call', 'slot', 'crash', 'limits-own']) log.write('info', event, {});
  families = parsePrometheus(await registry.metrics());
});

/** The labels of a metric's samples; nothing where there is no such metric. */
function labelsOf(name: string): ReadonlySet<string> | undefined {
  const family = families.get(name) ?? families.get(name.replace(/_(bucket|sum|count)$/, ''));
  const samples = family?.samples.filter((sample) => sample.name === name) ?? [];
  if (samples.length === 0) return undefined;
  // Prometheus adds these when it scrapes.
  return new Set(['job', 'instance', ...samples.flatMap(({ labels }) => Object.keys(labels))]);
}

describe('each expression', () => {
  it('is found', () => {
    expect(expressions.length).toBeGreaterThan(35);
    expect(rules.match(/- alert:/g)).toHaveLength(
      expressions.filter(([name]) => name.startsWith('DlcGateway')).length,
    );
  });

  it.each(expressions)('%s', (_, expression) => {
    const names = expression.match(/\b(dlc_gateway|process|nodejs)_\w+/g) ?? [];
    if (expression !== 'up{job="dlc-task-gateway"} == 0') expect(names).not.toEqual([]);
    for (const name of names) expect([name, labelsOf(name)]).toEqual([name, expect.any(Set)]);
    for (const [, name = '', selector = ''] of expression.matchAll(/\b(\w+)\{([^}]+)\}/g)) {
      if (name === 'up') continue;
      for (const [, label = ''] of selector.matchAll(/(\w+)[!=]~?"/g)) {
        expect([...(labelsOf(name) ?? [])]).toContain(label);
      }
    }
    for (const [, codes = ''] of expression.matchAll(/code=~?"([^"]+)"/g)) {
      const named = codes.replace(/^upstream-\((.+)\)$/, (_all, kinds: string) =>
        kinds.replaceAll(/[\w-]+/g, 'upstream-$&'),
      );
      for (const code of named.split('|')) expect(Object.keys(PROBLEMS)).toContain(code);
    }
  });
});

describe('docs/observability.md', () => {
  const text = read('docs/observability.md');

  it('has each metric of the gateway, and no other', () => {
    const table = markdownTable(text, '## Metrics of a server: `METRICS_PORT`');
    const documented = table.map(({ metric }) => metric ?? '');
    const own = [...families.keys()].filter((name) => name.startsWith('dlc_gateway_'));
    expect(documented.toSorted()).toEqual(own.toSorted());
  });

  it('has each event that is written', () => {
    const events = markdownTable(text, '## Events').map(({ event }) => event ?? '');
    const directory = new URL('../../src/', import.meta.url);
    const sources = readdirSync(directory, { recursive: true }).filter((name) =>
      String(name).endsWith('.ts'),
    );
    const written = sources.flatMap((name) =>
      [
        ...read(`src/${String(name)}`).matchAll(
          /(?:write|record)\(\s*(?:'[a-z]+',\s*|level,\s*)?'(?!(?:debug|info|warn|error)')([a-z-]+)'/g,
        ),
      ].map(([, event = '']) => event),
    );
    expect(new Set(written).size).toBeGreaterThan(10);
    for (const event of written) expect(events.join()).toContain(`\`${event}\``);
  });
});
