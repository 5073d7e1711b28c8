import { authenticateApiKey, type ApiKeys } from '../../src/lib/auth/api-key.ts';
import { unmetTest } from '../../src/lib/auth/json-pointer.ts';
import {
  createBearerAuthenticator,
  decodeCompact,
  readTokenIssuer,
} from '../../src/lib/auth/jwt.ts';
import type { JwtIssuer } from '../../src/lib/auth/jwt-issuers.ts';
import {
  grantsFor,
  permittingGrant,
  refuseBlocked,
  requireScope,
  type Principal,
  type Scope,
  type TaskFacts,
} from '../../src/lib/auth/principal.ts';
import { Problem, type ProblemCode } from '../../src/lib/problems.ts';
import { inWords, shown } from './permission-words.ts';

/** What the gateway would decide about a credential and a task, step by step, by the code that serves. */

/** A credential, as far as it has been authenticated. */
export interface Authenticated {
  readonly outcome: Principal | Problem;
  /** Of a token that was taken. */
  readonly token?: { readonly issuer: JwtIssuer; readonly claims: unknown };
}

export interface Question extends Authenticated {
  readonly blocked: ReadonlySet<string>;
  readonly scope: Scope;
  readonly task: { readonly taskId: string; readonly region: string };
  /** Asked only where it counts; gives nothing if DLC shows no such task; rejects with a `Problem`. */
  readonly lookUp: () => Promise<TaskFacts | undefined>;
}

export interface Explanation {
  /** Sentences that hold nothing of the credential but what its issuer says of it. */
  readonly steps: readonly string[];
  readonly decision: 'allowed' | ProblemCode;
}

export async function toExplanation(question: Question): Promise<Explanation> {
  const steps: string[] = [];
  try {
    await decide(question, (step) => steps.push(step));
    return { steps, decision: 'allowed' };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    steps.push(`Refused: ${error.reason ?? error.message}`);
    return { steps, decision: error.code };
  }
}

async function decide(question: Question, say: (step: string) => void): Promise<void> {
  const { outcome: principal, token, blocked, scope, task, lookUp } = question;
  if (principal instanceof Problem) throw principal;
  say(`The caller is ${shown(principal.id)}.`);
  refuseBlocked(principal, blocked);
  if (token) describeToken(token, principal).forEach(say);
  for (const grant of principal.grants) say(`The caller ${inWords(grant)}.`);
  requireScope(principal, scope);
  say(`Some permission has the scope ${scope}.`);
  const grants = grantsFor(principal, scope, task.region, task.taskId);
  if (grants.length === 0) throw notPermitted('none of them is for this task and region');
  if (permittingGrant(grants)) return;
  const found = await lookUp();
  if (!found) throw notPermitted('DLC shows no such task in this region');
  const { engineNames, operator = 'nobody' } = found;
  say(
    `The task is on ${engineNames.map(shown).join(' = ') || 'no engine'}, of ${shown(operator)}.`,
  );
  if (!permittingGrant(grants, found)) {
    throw notPermitted('the task is on another engine, or of another owner');
  }
}

const notPermitted = (reason: string): Problem => new Problem('task-not-permitted', { reason });

function describeToken(
  { issuer, claims }: NonNullable<Authenticated['token']>,
  principal: Principal,
) {
  const entry = `Its issuer's entry ${shown(issuer.id)} ${inWords(issuer)}, at most.`;
  const grants = issuer.grants?.map((grant, index) => {
    const unmet = unmetTest(grant.when, claims);
    const which = `Grant ${index + 1} of the entry`;
    if (unmet) return `${which} does not match: the claim ${shown(unmet.name)}.`;
    return `${which} matches: the caller ${inWords(grant)}.`;
  });
  const basis = {
    scope: 'The scopes that the token names decide.',
    grants: 'The grants of the entry decide.',
    authorization_details: 'The authorization_details of the token decide, within all that.',
  }[principal.basis];
  return [entry, ...(grants ?? []), basis];
}

/** Authenticates a credential as the gateway does: three parts with dots between are a token. */
export async function authenticateAs(
  { apiKeys, jwtIssuers }: { apiKeys: ApiKeys; jwtIssuers: readonly JwtIssuer[] },
  credential: string,
  now: number,
  signal: AbortSignal,
): Promise<Authenticated> {
  try {
    if (credential.split('.').length !== 3) {
      return { outcome: authenticateApiKey(apiKeys, credential, now) };
    }
    const outcome = await createBearerAuthenticator(jwtIssuers)(credential, signal);
    const issuer = jwtIssuers.find((one) => one.issuer === readTokenIssuer(credential));
    const claims: unknown = JSON.parse(String(decodeCompact(credential)[1]));
    return { outcome, ...(issuer && { token: { issuer, claims } }) };
  } catch (error) {
    if (error instanceof Problem) return { outcome: error };
    throw error;
  }
}
