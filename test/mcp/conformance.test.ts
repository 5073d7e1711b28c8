import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { startEmulator, type Emulator } from '../../emulator/emulator.ts';
import { freePort } from '../support/free-port.ts';
import { KEYS, settingsFor } from '../support/gateway.ts';
import { describeWith, NEEDS_NODE_22, NODE_22 } from '../support/needs.ts';
import { startServer, type ListeningServer } from '../support/processes.ts';
import { TOOLS } from '../support/tools.ts';

/** The protocol's conformance suite, and its inspector's command line, against the built server. */

/** What cannot pass, and why. The suite fails as well if one of them passes. */
const CANNOT: Readonly<Record<string, readonly string[]>> = {
  'needs a tool of its own, named test_…': [
    'server-stateless:sep-2575-server-rejects-undeclared-capability',
    'server-stateless:sep-2575-missing-capability-http-400',
    'server-stateless:sep-2575-http-server-no-independent-requests-on-stream',
    'server-stateless:sep-2575-server-no-log-without-loglevel',
    'tools-call-simple-text',
    'tools-call-image',
    'tools-call-audio',
    'tools-call-embedded-resource',
    'tools-call-mixed-content',
    'tools-call-with-logging',
    'tools-call-error',
    'tools-call-with-progress',
    'tools-call-sampling',
    'tools-call-elicitation',
    'json-schema-2020-12',
    'elicitation-sep1034-defaults',
    'elicitation-sep1330-enums',
    'input-required-result-basic-elicitation',
    'input-required-result-basic-sampling',
    'input-required-result-basic-list-roots',
    'input-required-result-request-state',
    'input-required-result-multiple-input-requests',
    'input-required-result-multi-round',
    'input-required-result-missing-input-response',
    'input-required-result-ignore-extra-params',
    'input-required-result-result-type',
    'input-required-result-tampered-state',
    'input-required-result-capability-check',
  ],
  'needs a tool whose arguments stand in the header too, which is an option': [
    'http-custom-header-server-validation',
  ],
  'needs prompts, resources, completions or a log, which are options': [
    'logging-set-level',
    'completion-complete',
    'resources-list',
    'resources-read-text',
    'resources-read-binary',
    'resources-templates-read',
    'resources-subscribe',
    'resources-unsubscribe',
    'prompts-list',
    'prompts-get-simple',
    'prompts-get-with-args',
    'prompts-get-embedded-resource',
    'prompts-get-with-image',
    'caching:sep-2549-prompts-list-caching-hints',
    'caching:sep-2549-resources-list-caching-hints',
    'caching:sep-2549-resources-templates-list-caching-hints',
    'input-required-result-non-tool-request',
    'sep-2164-resource-not-found',
  ],
  'needs sessions and streams, which are options': [
    'server-sse-polling',
    'server-sse-multiple-streams',
  ],
};
const ONLY_OLD =
  /^(logging-|server-sse-|tools-call-with-logging|tools-call-(sampling|elicitation)|elicitation-|resources-(un)?subscribe)/;
const ONLY_NEW = /^(server-stateless|caching|http-|input-|sep-)/;

interface Ended {
  readonly code: number;
  readonly text: string;
}

const run = (script: string, args: readonly string[]): Promise<Ended> =>
  new Promise((resolve) => {
    const file = path.join(TOOLS, '@modelcontextprotocol', script);
    const options = { maxBuffer: 64 * 1024 * 1024, env: { ...process.env, NO_COLOR: '1' } };
    execFile(NODE_22, [file, ...args], options, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, text: stdout + stderr });
    });
  });

describeWith(NEEDS_NODE_22, 'agents', () => {
  let emulator: Emulator;
  let server: ListeningServer;
  let proxy: http.Server;
  let url: string;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'conformance-'));
    emulator = await startEmulator({ cancelMs: 0 });
    const port = await freePort();
    const origin = `http://localhost:${port}`;
    const env = { ...settingsFor(emulator), MCP: 'on', PUBLIC_URL: origin, CORS_ORIGINS: origin };
    server = await startServer(env);
    proxy = addingKey(server.port).listen(port, 'localhost');
    url = `${origin}/mcp`;
  });
  beforeEach(async () => {
    await emulator.reset();
    emulator.addTasks({ id: 'a-task', state: 'running', engine: 'etl' });
  });
  afterAll(async () => {
    proxy.close();
    proxy.closeAllConnections();
    await server.stop();
    await emulator.close();
    await rm(folder, { recursive: true });
  });

  it.each([
    ['2026-07-28', ONLY_OLD],
    ['2025-11-25', ONLY_NEW],
  ])(
    'conform to %s',
    async (version, others) => {
      const expected = Object.values(CANNOT).flat();
      const failures = expected.filter((name) => !others.test(name));
      const baseline = path.join(folder, `${version}.yml`);
      await writeFile(baseline, `server:\n${failures.map((name) => `  - ${name}\n`).join('')}`);
      const suite = ['server', '--url', url, '--suite', 'all', '--spec-version', version];
      const args = [...suite, '--expected-failures', baseline];
      const { code, text } = await run('conformance/dist/index.js', args);
      expect({ code, text: code === 0 ? '' : text.slice(-250) }).toEqual({ code: 0, text: '' });
    },
    180_000,
  );

  it('are seen by the inspector', async () => {
    const address = `http://127.0.0.1:${server.port}/mcp`;
    const key = `X-API-Key: ${KEYS.both}`;
    const to = ['--cli', address, '--transport', 'http', '--header', key];
    const inspect = (...args: readonly string[]): Promise<Ended> =>
      run('inspector/clients/launcher/build/index.js', [...to, ...args]);
    // `--strict`: and no model has trouble with a schema.
    const listed = await inspect('--method', 'tools/list', '--strict');
    expect(listed).toMatchObject({ code: 0, text: expect.stringContaining('"cancel_tasks"') });
    const call = ['--method', 'tools/call', '--tool-name', 'cancel_task'];
    const called = await inspect(...call, '--tool-arg', 'taskId=a-task');
    expect(called).toMatchObject({ code: 0, text: expect.stringContaining('cancel_requested') });
    expect([...emulator.stats().cancelled]).toEqual(['a-task']);
  }, 60_000);
});

/** The suite cannot authenticate. */
function addingKey(port: number): http.Server {
  return http.createServer((request, response) => {
    const headers = { ...request.headers, 'x-api-key': KEYS.both };
    const { method, url } = request;
    const options = { host: '127.0.0.1', port, method, path: url, headers, setHost: false };
    const onward = http.request(options, (incoming) => {
      response.writeHead(incoming.statusCode ?? 502, incoming.headers);
      incoming.pipe(response);
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  });
}
