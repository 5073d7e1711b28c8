import { readdirSync, readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';

import { jwtIssuerEntries } from '../../src/lib/auth/entries.ts';
import { createBearerAuthenticator } from '../../src/lib/auth/jwt.ts';
import { toJwtIssuers } from '../../src/lib/auth/jwt-issuers.ts';
import type { Grant } from '../../src/lib/auth/principal.ts';
import { Problem } from '../../src/lib/problems.ts';
import { readDocument } from '../support/documents.ts';
import { createKey, manualClock, NOW_SECONDS, serialize, signerOf } from '../support/jwt.ts';

/**
 * Each recipe of the document, run with tokens in the shape of its provider, and with what it refuses. The tokens are made
 * by hand: every id, name and address in `test/fixtures/tokens` is invented.
 */

type Claims = Readonly<Record<string, unknown>>;

interface Provider {
  readonly heading: string;
  readonly header: Claims & { readonly alg: string };
  /** What its tokens have in common. */
  readonly claims: Claims;
  readonly tokens: readonly {
    readonly name: string;
    /** These replace the common ones. */
    readonly claims: Claims;
    readonly without?: readonly string[];
    /** What the token permits; nothing is a 403; 401 is a refusal. */
    readonly expected: readonly Grant[] | 401;
  }[];
}

const FOLDER = new URL('../fixtures/tokens/', import.meta.url);
const providers = readdirSync(FOLDER).map((name): Provider => {
  const provider: Provider = JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8'));
  return provider;
});
const recipes = readDocument('docs/identity-providers.md').blocks.filter(
  ({ language }) => language === 'json',
);

it('has a recipe for each provider of the fixtures, of at most 10 lines', () => {
  const headings = providers.map(({ heading }) => heading);
  expect(recipes.map(({ heading }) => heading).toSorted()).toEqual(headings.toSorted());
  for (const { text } of recipes) expect(text.trim().split('\n').length).toBeLessThanOrEqual(10);
});

describe.each(providers)('$heading', ({ heading, header, claims: common, tokens }) => {
  const recipe = recipes.find((each) => each.heading === heading)?.text ?? '[]';
  const key = createKey(header.alg, 'k1');

  it('is an entry that the gateway takes', () => {
    const [issuer] = toJwtIssuers(jwtIssuerEntries.parse(JSON.parse(recipe)), {});
    expect(issuer).toMatchObject({ issuer: common['iss'], algorithms: [header.alg] });
  });

  // The keys that its provider publishes are the test's own here.
  const { discovery: _, ...entry } = Object(JSON.parse(recipe)[0]);
  const entries = jwtIssuerEntries.parse([{ ...entry, jwks: { keys: [key.jwk] } }]);
  const authenticate = createBearerAuthenticator(toJwtIssuers(entries, {}), {
    clock: manualClock(),
  });

  it.each(tokens)('$name', async ({ claims, without = [], expected }) => {
    const times = { iat: NOW_SECONDS - 60, exp: NOW_SECONDS + 300 };
    const all = Object.entries({ ...times, ...common, ...claims });
    const kept = Object.fromEntries(all.filter(([name]) => !without.includes(name)));
    const signed = serialize(header, kept, signerOf(key));
    const outcome = authenticate(signed, new AbortController().signal).then(
      ({ grants }) => grants,
      (error: unknown) => (error instanceof Problem ? error.kind.status : error),
    );
    expect(await outcome).toEqual(expected);
  });
});
