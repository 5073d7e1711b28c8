import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { startChromium } from '../support/chromium.ts';
import { commandsFor } from '../support/documented-commands.ts';
import { readDocument } from '../support/documents.ts';
import { itWith, NEEDS_BROWSER } from '../support/needs.ts';
import { IS_UP, shellInWorkingCopy, type Terminal } from '../support/paste.ts';
import { SCF_CREDENTIALS, startScf } from '../support/scf/server.ts';

/** The first hour of each reader: all commands of a page, from its top to its end, in an empty working copy. */

const commands = commandsFor('first-hour');

/** The commands of a page, in their order. */
function pageOf(name: string): string[] {
  const file = `docs/first-hour/${name}.md`;
  const seen = new Map<string, number>();
  const shells = readDocument(file).blocks.filter(({ language }) => language === 'sh');
  return shells.map(({ text }) => {
    const [first = ''] = text.split('\n');
    const nth = seen.get(first) ?? 0;
    seen.set(first, nth + 1);
    return commands.block(file, first, nth);
  });
}

const used = shellInWorkingCopy();

const succeeds = async (text: string, env = {}): Promise<string> => {
  // The examples' own default is the port that this shell has replaced.
  const GATEWAY_URL = used.shell.adapt('http://127.0.0.1:9000');
  const { status, stdout, stderr } = await used.shell.run(text, { GATEWAY_URL, ...env });
  if (status !== 0) throw new Error(`${status}: ${stdout}${stderr}`);
  return stdout + stderr;
};

describe('of a frontend', () => {
  const [secret = '', gateway = '', app = '', another = ''] = pageOf('frontend');
  itWith(
    ['curl', ...NEEDS_BROWSER],
    'ends with a page whose button cancels',
    async () => {
      await succeeds(secret);
      const terminals = [
        await used.shell.start(gateway, IS_UP),
        await used.shell.start(app, /The page is at/),
      ];
      const browser = await startChromium();
      try {
        const page = await browser.newPage();
        await page.goto(used.shell.adapt('http://127.0.0.1:8080'));
        await page.click('button');
        await page.waitForSelector('output:text-is("cancelled")');
        expect(await succeeds(another)).toContain('"code":"task-not-permitted"');
      } finally {
        await browser.close();
        for (const terminal of terminals.toReversed()) await terminal.end();
      }
    },
    60_000,
  );
});

describe('of alerts', () => {
  const [secret = '', gateway = '', alertmanager = '', alert = ''] = pageOf('alerts');
  itWith(
    ['curl', 'sha256sum', 'prometheus-alertmanager'],
    'ends with an alert that has cancelled its task',
    async () => {
      await succeeds(secret);
      const terminals = [
        await used.shell.start(gateway, IS_UP),
        await used.shell.start(alertmanager, /Listening/),
      ];
      try {
        expect(await succeeds(alert)).toMatch(/demo-queued is now cancelled/);
        expect(terminals[0]?.output()).toMatch(/"event":"audit".*"principal":"hook:alerts"/);
      } finally {
        for (const terminal of terminals.toReversed()) await terminal.end();
      }
    },
    60_000,
  );
});

describe('of a backend', () => {
  const [key = '', gateway = '', node = '', python = '', go = '', fault = '', many = ''] =
    pageOf('backend');
  let terminal: Terminal | undefined;
  beforeAll(async () => {
    await succeeds(key);
    terminal = await used.shell.start(gateway, IS_UP);
  });
  afterAll(() => terminal?.end());

  it('cancels in Node', async () => expect(await succeeds(node)).toBe('cancelled\n'));
  itWith(['python3'], 'cancels in Python', async () =>
    expect(await succeeds(python)).toBe('cancelled\n'),
  );
  itWith(
    ['go'],
    'cancels in Go',
    async () => expect(await succeeds(go)).toBe('cancelled\n'),
    60_000,
  );
  itWith(['curl'], 'cancels although the response was lost', async () =>
    expect(await succeeds(fault)).toMatch(/cancelled\n$/),
  );
  itWith(['python3'], 'cancels several at once', async () =>
    expect(await succeeds(many)).toMatch(/^\S+ cancel_requested\n\S+ cancel_requested\n$/),
  );
});

describe('of the platform', () => {
  const [build = '', key = '', dryRun = '', deploy = ''] = pageOf('platform');
  it('ends with a function that has passed its checks', async () => {
    const scf = await startScf();
    Object.assign(scf, { looks: 0 });
    try {
      await succeeds(build);
      expect(await succeeds(key)).toMatch(/dlcgw_/);
      expect(await succeeds(dryRun)).toContain('CreateFunction');
      expect(scf.requests).toEqual([]);
      const { TENCENTCLOUD_SECRET_ID: id, TENCENTCLOUD_SECRET_KEY: secretKey } = SCF_CREDENTIALS;
      const filledIn = deploy
        .replace('_ID=…', `_ID=${id}`)
        .replace('_KEY=…', `_KEY=${secretKey}`)
        // Nobody is there to be asked.
        .replace('npm run deploy', 'npm run deploy -- --yes');
      const { TENCENTCLOUD_SESSION_TOKEN } = SCF_CREDENTIALS;
      const env = { SCF_ENDPOINT: scf.endpoint, TENCENTCLOUD_SESSION_TOKEN };
      expect(await succeeds(filledIn, env)).toMatch(/https?:\/\/\S+/);
      expect(scf.functions.get('dlc-task-gateway-dev')?.aliases.get('$DEFAULT')).toBe('1');
    } finally {
      await scf.close();
    }
  });
});

it('is all that is run here', () => commands.expectAllRun());
