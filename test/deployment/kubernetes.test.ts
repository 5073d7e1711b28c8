import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { parse, parseAllDocuments } from 'yaml';

import { startEmulator, type Emulator } from '../../emulator/emulator.ts';
import { settingRows } from '../../src/settings-table.ts';
import { projectRoot } from '../support/checkout.ts';
import { settingsFor } from '../support/gateway.ts';
import { send } from '../support/http-client.ts';
import { itWith, NEEDS_TOOLS } from '../support/needs.ts';
import { built } from '../support/built.ts';
import { run, whenListening } from '../support/processes.ts';

/** The manifests of `deploy/kubernetes`, as far as they can be tried without a cluster. */

const folder = path.join(projectRoot, 'deploy/kubernetes');
const textOf = (name: string): string => readFileSync(path.join(folder, name), 'utf8');

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
}
/** What is at a path such as `spec.ports.0.port`. */
const at = (tree: unknown, where: string): unknown =>
  where.split('.').reduce((node, name) => Object(node)[name], tree);

const kustomization: {
  readonly resources: string[];
  readonly images: unknown;
  readonly configMapGenerator: readonly { readonly literals: string[] }[];
} = parse(textOf('kustomization.yaml'));
const manifests: Manifest[] = kustomization.resources.map((name) => parse(textOf(name)));
const kinds = (some: readonly Manifest[]): string[] =>
  some.map(({ kind }) => kind).toSorted((a, b) => a.localeCompare(b));
const find = (kind: string, where: string, among = manifests): unknown =>
  at(
    among.find((manifest) => manifest.kind === kind),
    where,
  );

const pod = find('Deployment', 'spec.template');
const container: {
  readonly image: string;
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
} = Object(at(pod, 'spec.containers.0'));
const PROBES = ['startupProbe', 'readinessProbe', 'livenessProbe'];
const literals = kustomization.configMapGenerator[0]?.literals ?? [];

let work: string;
beforeAll(() => {
  work = mkdtempSync(path.join(tmpdir(), 'dlc-kubernetes-'));
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

/** Kubernetes' published schemas, as validators and as types: the types know which fields there are, too. */
function checks(manifest: Manifest, place: number): string {
  const { apiVersion, kind, ...rest } = manifest;
  const own = apiVersion.startsWith('monitoring.coreos.com/');
  const module = own ? '@kubernetes-models/prometheus-operator' : 'kubernetes-models';
  return `import { ${kind} as M${place} } from '${module}/${apiVersion}';
new M${place}(${JSON.stringify(rest)}).validate();\n`;
}

describe('the manifests', () => {
  it('are all of the folder', () => {
    const files = ['kustomization.yaml', ...kustomization.resources];
    expect(new Set(readdirSync(folder))).toEqual(new Set(files));
  });

  itWith([NEEDS_TOOLS], "hold against Kubernetes' published schemas", async () => {
    const tools = path.join(projectRoot, 'tools');
    // Below `tools/`, so that its packages are found.
    const beside = mkdtempSync(path.join(tools, '.kubernetes-'));
    try {
      const source = path.join(beside, 'manifests.mts');
      const faulty = path.join(beside, 'faulty.mts');
      writeFileSync(source, manifests.map(checks).join(''));
      const misspelt = parse(textOf('deployment.yaml'));
      misspelt.spec.template.spec.enableServiceLink = false;
      writeFileSync(faulty, checks(misspelt, 0));
      const tsc = [path.join(tools, 'node_modules/typescript/bin/tsc'), '--noEmit', '--strict'];
      const options = ['--module', 'nodenext', '--skipLibCheck', '--target', 'es2023'];
      const typecheck = (file: string) =>
        promisify(execFile)(process.execPath, [...tsc, ...options, file]);
      await typecheck(source);
      // They also notice what is wrong.
      await expect(typecheck(faulty)).rejects.toThrow();
      const validate = (file: string) =>
        promisify(execFile)(process.execPath, ['--import', 'tsx', file], { cwd: projectRoot });
      await validate(source);
      misspelt.spec.replicas = 'two';
      writeFileSync(faulty, checks(misspelt, 0));
      await expect(validate(faulty)).rejects.toThrow('spec/replicas must be integer');
    } finally {
      rmSync(beside, { recursive: true, force: true });
    }
  });

  itWith(
    ['kubectl'],
    'are rendered by kustomize, by the overlay of docs/kubernetes.md too',
    async () => {
      const render = (from: string): Manifest[] =>
        parseAllDocuments(
          execFileSync('kubectl', ['kustomize', '--load-restrictor=LoadRestrictionsNone', from], {
            encoding: 'utf8',
          }),
        ).map((document) => document.toJS());
      expect(kinds(render(folder))).toEqual(
        kinds([...manifests, { apiVersion: 'v1', kind: 'ConfigMap' }]),
      );
      const page = readFileSync(path.join(projectRoot, 'docs/kubernetes.md'), 'utf8');
      const [, overlay = ''] = /```yaml\n(.*?)```/s.exec(page) ?? [];
      const copy = path.join(work, 'overlay');
      mkdirSync(copy);
      const local = overlay.replace(/- https:\S+/, `- ${path.relative(copy, folder)}`);
      expect(local).not.toBe(overlay);
      writeFileSync(path.join(copy, 'kustomization.yaml'), local);
      const rendered = render(copy);
      expect(kinds(rendered)).not.toContain('PodMonitor');
      expect(find('ConfigMap', 'data', rendered)).toMatchObject({
        DLC_REGION: 'ap-shanghai',
        EXPECTED_INSTANCES: '2',
      });
      const rolled = find('Deployment', 'spec.template.spec.containers.0', rendered);
      expect(at(rolled, 'image')).toBe('registry.example.com/dlc-task-gateway:0.2.0');
      expect(at(rolled, 'envFrom.0.configMapRef.name')).toBe(
        find('ConfigMap', 'metadata.name', rendered),
      );
    },
  );

  it('agree with each other, and with the Dockerfile', () => {
    const labels = at(pod, 'metadata.labels');
    const selectors = [
      find('Deployment', 'spec.selector.matchLabels'),
      find('Service', 'spec.selector'),
      find('NetworkPolicy', 'spec.podSelector.matchLabels'),
      find('PodDisruptionBudget', 'spec.selector.matchLabels'),
      find('PodMonitor', 'spec.selector.matchLabels'),
    ];
    for (const selector of selectors) expect(selector).toEqual(labels);
    const dockerfile = readFileSync(path.join(projectRoot, 'Dockerfile'), 'utf8');
    const security = 'spec.securityContext';
    expect(dockerfile).toContain(
      `USER ${String(at(pod, `${security}.runAsUser`))}:${String(at(pod, `${security}.runAsGroup`))}\n`,
    );
    const { version } = JSON.parse(readFileSync(path.join(projectRoot, 'package.json'), 'utf8'));
    expect(kustomization.images).toEqual([{ name: container.image, newTag: version }]);
    const ports = container.ports.map(({ name }) => name);
    const named = [
      find('Service', 'spec.ports.0.targetPort'),
      find('PodMonitor', 'spec.podMetricsEndpoints.0.port'),
      find('NetworkPolicy', 'spec.ingress.0.ports.0.port'),
      find('NetworkPolicy', 'spec.ingress.1.ports.0.port'),
      ...PROBES.map((probe) => at(container, `${probe}.httpGet.port`)),
    ];
    for (const name of named) expect(ports).toContain(name);
    // Without Redis, each pod takes its part.
    expect(literals).toContain(`EXPECTED_INSTANCES=${String(find('Deployment', 'spec.replicas'))}`);
  });

  it('give the job the name that the alert rules have', () => {
    const rules = readFileSync(path.join(projectRoot, 'deploy/prometheus-rules.yml'), 'utf8');
    const labels = Object(at(pod, 'metadata.labels'));
    const job = labels[String(find('PodMonitor', 'spec.jobLabel'))];
    expect(rules).toContain(`up{job="${job}"}`);
  });
});

describe('the server with the settings of the manifests', () => {
  let emulator: Emulator;
  beforeAll(async () => {
    emulator = await startEmulator({ cancelMs: 0 });
  });
  afterAll(() => emulator.close());

  it('takes them, answers the probes, and stops within the grace period', async () => {
    const env: Record<string, string> = Object.fromEntries([
      ...literals.map((line) => [line.slice(0, line.indexOf('=')), line.replace(/^\w+=/, '')]),
      ...container.env.map(({ name, value }) => [name, value]),
    ]);
    const known = settingRows().map(({ name }) => name);
    for (const name of Object.keys(env)) expect(known).toContain(name);
    expect(container.ports).toEqual([
      { name: 'http', containerPort: 9000 },
      { name: 'metrics', containerPort: Number(env['METRICS_PORT']) },
    ]);

    // The mounted Secret is another folder here, and the ports are free ones.
    const { API_KEYS: keys = '[]', ...settings } = settingsFor(emulator);
    const mountPath = String(at(container, 'volumeMounts.0.mountPath'));
    writeFileSync(path.join(work, 'api-keys.json'), keys);
    const mounted = env['API_KEYS']?.replace(mountPath, work) ?? '';
    expect(mounted).toBe(`@${path.join(work, 'api-keys.json')}`);
    const own = { HOST: '127.0.0.1', PORT: '0', API_KEYS: mounted, METRICS_PORT: '0' };
    const server = await whenListening(
      run({ ...env, ...settings, ...own }, [path.join(await built(), 'web/server.js')]),
    );
    for (const probe of PROBES) {
      const asked = { path: String(at(container, `${probe}.httpGet.path`)) };
      expect(await send(server.port, asked)).toMatchObject({ status: 200 });
    }
    expect(await send(server.port, { path: '/readyz' })).toMatchObject({ status: 200 });
    expect(await server.stop()).toBe(0);
    // A pause, the requests in flight, and a log that is read slowly.
    const pause = Number(at(container, 'lifecycle.preStop.exec.command.1'));
    const table = Object.fromEntries(settingRows().map((row) => [row.name, row.standard]));
    const drain = Number(table['REQUEST_TIMEOUT_MS']) / 1000 + 15;
    expect(at(pod, 'spec.terminationGracePeriodSeconds')).toBeGreaterThanOrEqual(pause + drain);
  });
});
