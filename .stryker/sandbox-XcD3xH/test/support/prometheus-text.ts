/**
 * Prometheus' text format 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/), read
 * strictly, with the rules for names that promtool's linter has.
 */

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Family {
  readonly type: string;
  readonly samples: Sample[];
}

const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\[\\n"])*)"(,|$)/y;
const VALUE = /^(NaN|[+-]Inf|[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?)$/i;

/** @throws Error that says what is wrong with the text */
export function parsePrometheus(text: string): Map<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const families = new Map<string, Family>();
  const seen = new Set<string>();
  let helped = '';
  let current = '';
  for (const line of text.split('\n').filter((each) => each !== '')) {
    const [, kind, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
    if (kind === 'HELP') helped = name;
    else if (kind === 'TYPE') {
      if (helped !== name) throw new Error(`${name} has no HELP before its TYPE`);
      if (families.has(name)) throw new Error(`${name} is there twice`);
      families.set(name, { type: rest, samples: [] });
      current = name;
    } else {
      const sample = parseSample(line);
      const family = families.get(current);
      if (!family || !isOf(current, family.type, sample.name)) {
        throw new Error(`${sample.name} is not in its family`);
      }
      const labels = Object.entries(sample.labels).map(([label, value]) => `${label}=${value}`);
      const key = JSON.stringify([sample.name, labels.toSorted()]);
      if (seen.has(key)) throw new Error(`${key} is there twice`);
      seen.add(key);
      family.samples.push(sample);
    }
  }
  for (const [name, family] of families) checkFamily(name, family);
  return families;
}

function parseSample(line: string): Sample {
  const [, name, labels = '', value] = SAMPLE.exec(line) ?? [];
  if (name === undefined || value === undefined || !VALUE.test(value)) {
    throw new Error(`not a sample: ${line}`);
  }
  const found: Record<string, string> = {};
  LABEL.lastIndex = 0;
  for (let end = 0; end < labels.length; end = LABEL.lastIndex) {
    const [, label, labelValue] = LABEL.exec(labels) ?? [];
    if (label === undefined || labelValue === undefined) throw new Error(`bad labels: ${line}`);
    if (label in found) throw new Error(`a label twice: ${line}`);
    found[label] = labelValue;
  }
  return { name, labels: found, value: value === '+Inf' ? Infinity : Number(value) };
}

function isOf(family: string, type: string, name: string): boolean {
  const suffixes = { histogram: ['_bucket', '_sum', '_count'], summary: ['', '_sum', '_count'] };
  const allowed = type === 'histogram' || type === 'summary' ? suffixes[type] : [''];
  return allowed.some((suffix) => name === family + suffix);
}

function checkFamily(name: string, { type, samples }: Family): void {
  if (!['counter', 'gauge', 'histogram', 'summary'].includes(type)) throw new Error(`a ${type}`);
  if ((type === 'counter') !== name.endsWith('_total')) throw new Error(`${name} is a ${type}`);
  if (/(milli|micro|nano)seconds|_ms\b|_us\b|minutes|kilobytes|[A-Z]/.test(name)) {
    throw new Error(`${name} is not in base units`);
  }
  if (type === 'histogram') checkHistogram(name, samples);
}

/** Each series of a histogram has buckets that grow up to `+Inf`, which is its count. */
function checkHistogram(name: string, samples: readonly Sample[]): void {
  const series = new Map<string, { bounds: number[]; counts: number[]; count?: number }>();
  for (const { name: sampleName, labels, value } of samples) {
    const { le, ...others } = labels;
    const key = JSON.stringify(others);
    const one = series.get(key) ?? { bounds: [], counts: [] };
    series.set(key, one);
    if (le !== undefined) {
      one.bounds.push(le === '+Inf' ? Infinity : Number(le));
      one.counts.push(value);
    } else if (sampleName.endsWith('_count')) one.count = value;
  }
  for (const [key, { bounds, counts, count }] of series) {
    const grows = (list: number[]): boolean => list.every((n, i) => n >= (list[i - 1] ?? -1));
    const isWhole = bounds.at(-1) === Infinity && counts.at(-1) === count;
    if (!grows(bounds) || !grows(counts) || !isWhole)
      throw new Error(`${name}${key} is no histogram`);
  }
}
