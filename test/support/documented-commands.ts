import { expect } from '@jest/globals';

import { DOCUMENTS, originalOf, readDocument } from './documents.ts';

/**
 * Every ```sh block of the documents, by its first line: which test of `test/docs/` pastes it into a shell as it
 * stands (`by`), or why none does, and what is run in its place (`not`).
 */
type How = { readonly by: string } | { readonly not: string };

const start: How = { by: 'commands-start' };
const callers: How = { by: 'commands-callers' };
const deploying: How = { by: 'commands-deploy' };
const logs: How = { by: 'commands-log' };
const firstHour: How = { by: 'first-hour' };

export const COMMANDS: Readonly<Record<string, Readonly<Record<string, How>>>> = {
  'README.md': {
    'npm ci && npm start': start,
    "curl -i -X DELETE -H 'X-API-Key: dlcgw_dGhpcyBrZXkgb3BlbnMgYSBkZW1vIG9ubHkuLi4uLi4' \\": start,
    'npm ci && npm run build': deploying,
    'npm run key -- --id reporting --add-to config/api-keys.json   # shows the key, once':
      deploying,
    'npm ci && npm test': { not: 'runs this; `.ci/run` does it on a clean clone' },
  },
  'CONTRIBUTING.md': {
    'npm ci': { not: 'the same' },
  },
  'docs/architecture.md': { 'npm run trace': { not: '`test/scripts/trace.test.ts` runs this' } },
  'docs/calling.md': {
    'npm run key -- --id reporting --scope tasks:cancel --scope tasks:read': callers,
    'npx openapi-typescript@7 http://127.0.0.1:9000/openapi.json -o gateway-api.d.ts': start,
  },
  'docs/deploy.md': {
    'npm run key -- --id reporting --add-to config/api-keys.json   # shows the key, once':
      deploying,
    'export DLC_REGION=ap-guangzhou       # of DLC, and of the function': deploying,
    'npm run deploy -- --rollback': deploying,
    'DLC_REGION=ap-guangzhou npx -y osls@4 package -c serverless.aws.yml   # `deploy` in place of `package` does it':
      deploying,
    'npm run doctor': deploying,
    'DLC_ENDPOINT=http://127.0.0.1:9001 DLC_REGION=ap-guangzhou \\': deploying,
  },
  'docs/first-hour/alerts.md': {
    'npm ci && mkdir -p my-alerts': firstHour,
    'export WEBHOOK_SENDERS=$(cat my-alerts/senders.json)': firstHour,
    'cat > my-alerts/alertmanager.yml <<END': firstHour,
    "curl -s -X POST -H 'Content-Type: application/json' http://127.0.0.1:9093/api/v2/alerts \\":
      firstHour,
  },
  'docs/first-hour/backend.md': {
    'npm ci && (umask 077 && npm run --silent key -- --id my-service --scope tasks:cancel --scope tasks:read \\':
      firstHour,
    'API_KEYS=@config/api-keys.json npm start': firstHour,
    'export GATEWAY_API_KEY=$(cat my-service.key)': firstHour,
    'GATEWAY_API_KEY=$(cat my-service.key) python3 examples/cancel.py demo-writing': firstHour,
    'GATEWAY_API_KEY=$(cat my-service.key) go run examples/cancel.go demo-initializing': firstHour,
    'curl -s -X POST http://127.0.0.1:9001/_emulator/faults -d \'{"action": "CancelTask", "kind": "reset-after"}\'':
      firstHour,
    'GATEWAY_API_KEY=$(cat my-service.key) python3 examples/cancel_many.py 8548111ce1611ef8bb45254006a86831 20210521195919442157':
      firstHour,
  },
  'docs/first-hour/frontend.md': {
    'npm ci && mkdir -p my-app': firstHour,
    'export GATEWAY_JWT_SECRET=$(cat my-app/secret)': firstHour,
    "cat > my-app/server.mjs <<'END'": firstHour,
    "TOKEN=$(curl -s 'http://127.0.0.1:8080/token?task=demo-queued')": firstHour,
  },
  'docs/first-hour/platform.md': {
    'npm ci && npm run build': firstHour,
    'npm run key -- --id first-caller --scope tasks:cancel --scope tasks:read --add-to config/api-keys.json':
      firstHour,
    'export DLC_REGION=ap-guangzhou SCF_ROLE=dlc-task-gateway API_KEYS=@config/api-keys.json':
      firstHour,
  },
  'docs/frontend.md': {
    'CORS_ORIGINS=http://127.0.0.1:8080 npm start': start,
    'python3 -m http.server 8080 --bind 127.0.0.1 --directory my-page': start,
    'export GATEWAY_JWT_SECRET=0123456789abcdef0123456789abcdef': callers,
  },
  'docs/kubernetes.md': {
    'docker build -t registry.example.com/dlc-task-gateway:0.2.0 .': {
      not: 'needs a container engine; `test/deployment/container.test.ts` starts what it would hold',
    },
    'npm run key -- --id reporting --add-to config/api-keys.json   # shows the key, once': {
      not: 'needs a cluster; `npm run key` is run for docs/deploy.md',
    },
  },
  'docs/observability.md': { '# all that was decided about it': logs },
  'docs/operations.md': {
    'jq -r \'select(.event == "request" and .code) | .code\' gateway.log | sort | uniq -c | sort -rn':
      logs,
    'printf %s "$KEY" | sha256sum': logs,
    'jq -r \'select(.event == "request" and .code == "upstream-rate-limited") | .principal\' gateway.log | sort | uniq -c':
      logs,
  },
  'docs/package.md': {
    'npm ci && npm pack': {
      not: '`test/packages/npm-package.test.ts` does it, and installs the file',
    },
    'npx ./dlc-task-gateway-*.tgz start': { not: 'the same test starts it, without a registry' },
    'npm run release 0.3.0': {
      not: '`test/packages/reproducible.test.ts` releases another version',
    },
  },
  'docs/performance.md': {
    'npm ci && npm run bench': {
      not: 'takes eight minutes; `test/bench/run.test.ts` runs a part of it',
    },
  },
  'docs/webhooks.md': { 'npm run webhook -- --new-secret': callers },
};

/** The blocks that there are, in the form of the table; translations have those of their originals. */
export function foundCommands(): Record<string, readonly string[]> {
  const originals = DOCUMENTS.filter((file) => originalOf(file) === undefined);
  const found = originals.map((file) => [file, namesOf(file)] as const);
  return Object.fromEntries(found.filter(([, names]) => names.length > 0));
}

const nameOf = (text: string): string => text.split('\n')[0] ?? '';
const namesOf = (file: string): string[] => [...new Set(textsOf(file).map(nameOf))];

function textsOf(file: string): string[] {
  const { blocks } = readDocument(file);
  return blocks.filter(({ language }) => language === 'sh').map(({ text }) => text);
}

export interface Commands {
  /** The text of a block of the table; `nth`, from 0, tells those apart that begin alike. */
  block(file: string, firstLine: string, nth?: number): string;
  /** Fails where the table says that this test runs something which it does not. */
  expectAllRun(): void;
}

/** The commands that one test runs. */
export function commandsFor(test: string): Commands {
  const taken = new Set<string>();
  return {
    block(file, firstLine, nth = 0) {
      const found = textsOf(file).filter((text) => nameOf(text) === firstLine)[nth];
      if (found === undefined) throw new Error(`${file} has no command: ${firstLine}`);
      taken.add(`${file}: ${firstLine}`);
      return found;
    },
    expectAllRun() {
      const its = Object.entries(COMMANDS).flatMap(([file, some]) =>
        Object.entries(some).flatMap(([name, how]) =>
          'by' in how && how.by === test ? [`${file}: ${name}`] : [],
        ),
      );
      expect([...taken].toSorted()).toEqual(its.toSorted());
    },
  };
}
