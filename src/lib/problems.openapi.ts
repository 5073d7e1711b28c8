import type { ProblemText } from './api-document.ts';
import type { ProblemCode } from './problems.ts';

/** What a caller may type; `curl --retry` waits as long as `Retry-After` says. */
const SNIPPETS = {
  again: 'curl --retry 3 -X DELETE -H "X-API-Key: $KEY" "$GATEWAY/tasks/$TASK"',
  later: 'sleep 1; curl -X DELETE -H "X-API-Key: $KEY" "$GATEWAY/tasks/$TASK"',
  state: 'curl -H "X-API-Key: $KEY" "$GATEWAY/tasks/$TASK"',
  tryIt: `curl -i -H "X-API-Key: $KEY" -H "Content-Type: application/json" -d '{"taskIds": ["'$TASK'"], "dryRun": true}' "$GATEWAY/tasks:cancel"`,
  region: 'curl -H "X-API-Key: $KEY" "$GATEWAY/tasks/$TASK?region=$REGION"',
  ready: 'curl "$GATEWAY/readyz"',
  document: `curl -s "$GATEWAY/openapi.json" | jq '.paths | map_values(keys)'`,
} as const;

/**
 * What each problem means and what to do about it: the one source of the pages at `/problems/{code}`,
 * of the OpenAPI document and of docs/errors.md.
 */
export const PROBLEM_TEXTS = {
  'invalid-request': {
    meaning: 'The request is malformed: its path, its query, a repeated header field or its body.',
    advice: 'If there are "errors", mend what they name. Nothing was sent to DLC.',
    snippet: SNIPPETS.document,
    operator:
      'Nothing to mend, unless many callers get it: "route" and "principal" in the log show whose.',
  },
  unauthenticated: {
    meaning: 'There are no credentials, or they are wrong, expired or of a kind not taken here.',
    advice:
      'Send valid credentials of the kind that WWW-Authenticate names; renew what has expired.',
    snippet: SNIPPETS.tryIt,
    operator:
      '"reason" in the log says which check failed: key, claim of the token, signature or clock.',
  },
  'insufficient-scope': {
    meaning: 'The credentials are valid, but lack the scope that this operation needs.',
    advice: 'Get credentials with the scope that WWW-Authenticate names.',
    snippet: SNIPPETS.tryIt,
    operator:
      'The audit line names the "principal": compare the scopes of its entry, grant or token.',
  },
  'task-not-permitted': {
    meaning: 'The credentials are valid, but not for this task, region, engine or owner.',
    advice: 'Check the task id and the region; else get credentials that are meant for this task.',
    snippet: SNIPPETS.tryIt,
    operator:
      'The audit line has "principal", "region" and "engine": compare them with its entry, grant or token.',
  },
  'principal-blocked': {
    meaning: 'The operator of the gateway has blocked this caller.',
    advice: 'Ask the operator why.',
    snippet: SNIPPETS.tryIt,
    operator: 'The audit line names the "principal"; it stands in the list of blocked ones.',
  },
  'origin-not-allowed': {
    meaning: 'A page of an origin that is not allowed called the endpoint for agents.',
    advice: 'Add the origin to the allowed ones, if its pages may act for their users.',
    snippet: SNIPPETS.tryIt,
    operator: 'Compare the Origin that the client sends with the allowed origins.',
  },
  'confirmation-required': {
    meaning:
      'The gateway has a person confirm what agents cancel, and nobody has confirmed this: nothing was cancelled.',
    advice:
      'Use a client that shows forms of the protocol (elicitation, 2026-07-28), and agree there within two minutes.',
    snippet: SNIPPETS.tryIt,
    operator: 'It is a setting whether a person has to confirm.',
  },
  'route-not-found': {
    meaning: 'There is nothing at this path.',
    advice: 'Compare the path with /openapi.json; a slash at its end makes another path.',
    snippet: SNIPPETS.document,
    operator:
      'If all requests get it, the platform leaves a prefix on the path: compare it with the base path.',
  },
  'method-not-allowed': {
    meaning: 'The path exists, but does not take this method.',
    advice: 'Use a method that Allow lists.',
    snippet: SNIPPETS.document,
    operator: 'GET is there only while the lookup of task states is on.',
  },
  'request-timeout': {
    meaning: 'The request did not arrive in time.',
    advice: 'Send it again as a whole. Nothing was sent to DLC.',
    snippet: SNIPPETS.again,
    operator: 'If many requests get it, look at the proxy in front: it may hold bodies back.',
  },
  'payload-too-large': {
    meaning:
      'The body is larger than its route takes: 8 KiB where none is needed, 16 KiB for a list of tasks or a signed webhook, 64 KiB for agents, 256 KiB at the URL of a single sender.',
    advice: 'Send a smaller body, or none where none is needed.',
    snippet: SNIPPETS.tryIt,
    operator: 'Nothing to mend; "route" in the log shows which of the limits it was.',
  },
  'unsupported-media-type': {
    meaning: 'The body is not application/json, or, from Slack, no form.',
    advice: 'Send application/json as the content type; for webhooks, choose it at the sender.',
    snippet: SNIPPETS.tryIt,
    operator:
      '"principal" in the log names the caller: of a webhook sender, set the content type where it is configured.',
  },
  'quota-exceeded': {
    meaning: "This caller's own quota is used up; others are not affected.",
    advice: 'Wait as long as Retry-After says; the RateLimit fields show the quota.',
    snippet: SNIPPETS.again,
    operator:
      '"principal" in the log names the caller: if it needs more, raise the rate of its entry.',
  },
  'request-header-fields-too-large': {
    meaning: 'The header fields are over 16 KiB.',
    advice: 'Send fewer or shorter header fields.',
    snippet: SNIPPETS.tryIt,
    operator: 'Look at what browsers and proxies add, cookies above all.',
  },
  'internal-error': {
    meaning: 'The gateway has a defect. Its log has the reason under the request id.',
    advice: 'Tell the operator the request id. Ask for the state of the task before anything else.',
    snippet: SNIPPETS.state,
    operator: 'The line "crash" under the same request id has the stack: report it with that.',
  },
  'gateway-misconfigured': {
    meaning: 'The gateway has wrong settings or no cloud credentials; its log says which.',
    advice: 'Tell the operator the request id. The request itself may be fine.',
    snippet: SNIPPETS.ready,
    operator:
      '"wrong-setting" lines name each wrong setting, else "reason" says what is missing; npm run doctor checks all.',
  },
  'auth-provider-unavailable': {
    meaning: "The token's key is not known yet, and its issuer's keys cannot be fetched now.",
    advice: 'Send the same request again after Retry-After.',
    snippet: SNIPPETS.again,
    operator:
      '"reason" in the log says why the keys could not be fetched: check that the gateway can reach the issuer.',
  },
  'permission-check-unavailable': {
    meaning:
      "The permission depends on the task's engine or owner, and DLC cannot be asked for it now.",
    advice: 'Send the same request again after Retry-After. Nothing was cancelled.',
    snippet: SNIPPETS.again,
    operator: '"reason" in the log says why DLC could not be asked.',
  },
  overloaded: {
    meaning:
      'The gateway has more requests in flight than it can serve, or can write no more audit lines.',
    advice: 'Send the same request again after Retry-After.',
    snippet: SNIPPETS.again,
    operator:
      '"reason" in the log says what is full: start more instances, or read the log faster.',
  },
  'upstream-rate-limited': {
    meaning: 'The cancellations that DLC takes in a second are used up, by all callers together.',
    advice: 'Send the same request again after Retry-After. Nothing was cancelled.',
    snippet: SNIPPETS.again,
    operator:
      'Look which "principal" asks for most, and whether more instances run than are expected.',
  },
  'upstream-operation-failed': {
    meaning: 'DLC reports FailedOperation, or that something other than the task no longer exists.',
    advice: 'Ask for the state of the task: with "outcomeUnknown" it may be cancelled or not.',
    snippet: SNIPPETS.state,
    operator:
      '"upstreamCode" and "reason" in the log have DLC\'s own words; its support asks for "upstreamRequestId".',
  },
  'another-request-processing': {
    meaning: 'DLC is busy with another request for this task, perhaps a cancellation.',
    advice: 'Ask for the state of the task, or send the same request again after Retry-After.',
    snippet: SNIPPETS.later,
    operator: 'Nothing to mend; if it stays so, DLC\'s support asks for "upstreamRequestId".',
  },
  'upstream-request-failed': {
    meaning: 'DLC could not reach the service behind it.',
    advice: 'Send the same request again after Retry-After: cancelling twice does no harm.',
    snippet: SNIPPETS.again,
    operator: 'If it stays so, DLC\'s support asks for "upstreamRequestId", which the log has.',
  },
  'upstream-internal-error': {
    meaning: 'DLC reports InternalError.',
    advice: 'Send the same request again after Retry-After: cancelling twice does no harm.',
    snippet: SNIPPETS.again,
    operator: 'If it stays so, DLC\'s support asks for "upstreamRequestId", which the log has.',
  },
  'task-not-found': {
    meaning: 'DLC knows no such task in this region.',
    advice: 'Check the task id and the region; DLC shows tasks of the last 45 days.',
    snippet: SNIPPETS.region,
    operator: 'Compare "region" in the log with the region in which the console shows the task.',
  },
  'task-already-finished': {
    meaning: 'The task had ended before; "taskState" says how, if that is known.',
    advice: 'Nothing is left to cancel.',
    snippet: SNIPPETS.state,
    operator: 'Nothing to mend.',
  },
  'upstream-rejected-request': {
    meaning: 'DLC reports InvalidParameter: it does not accept something in the request.',
    advice: 'Check the task id and the region; "upstreamCode" has DLC\'s own code.',
    snippet: SNIPPETS.region,
    operator: '"upstreamCode" and "reason" in the log have DLC\'s own words.',
  },
  'upstream-credentials-rejected': {
    meaning: "DLC refuses the gateway's own credentials or role; the caller's are fine.",
    advice: 'Tell the operator, whose log has the reason under the request id.',
    snippet: SNIPPETS.ready,
    operator:
      '"reason" in the log begins with DLC\'s code; npm run doctor says whether it is the clock, the credentials or the role.',
  },
  'upstream-quota-exceeded': {
    meaning: 'A quota of the cloud account is used up.',
    advice: 'Send the same request again after Retry-After; tell the operator if it stays so.',
    snippet: SNIPPETS.again,
    operator: '"upstreamCode" and "reason" in the log say which quota of the account it is.',
  },
  'task-busy': {
    meaning: 'DLC reports ResourceInUse: the task, or what it depends on, is in use.',
    advice: 'Send the same request again after Retry-After.',
    snippet: SNIPPETS.later,
    operator: 'Nothing to mend; if it stays so, DLC\'s support asks for "upstreamRequestId".',
  },
  'operation-not-supported': {
    meaning: 'DLC cannot do this to this task.',
    advice: 'Wait for the task to end.',
    snippet: SNIPPETS.state,
    operator: 'Nothing to mend; "reason" in the log has DLC\'s own words.',
  },
  'upstream-unavailable': {
    meaning: 'DLC is temporarily unavailable.',
    advice: 'Send the same request again after Retry-After: cancelling twice does no harm.',
    snippet: SNIPPETS.again,
    operator:
      'If it stays so, look at the state of DLC in this region; the log has "upstreamRequestId".',
  },
  'upstream-error': {
    meaning: 'DLC gives an error code that the gateway does not know.',
    advice: 'Ask for the state of the task: with "outcomeUnknown" it may be cancelled or not.',
    snippet: SNIPPETS.state,
    operator: 'Report "upstreamCode" from the log to the project: its table of codes lacks it.',
  },
  'upstream-unreachable': {
    meaning: 'The connection to DLC failed.',
    advice: 'Send the same request again after Retry-After: cancelling twice does no harm.',
    snippet: SNIPPETS.again,
    operator:
      '"reason" in the log has the fault, such as ENOTFOUND or ECONNRESET: check the way out to DLC.',
  },
  'upstream-timeout': {
    meaning: 'DLC did not respond in time.',
    advice: 'Send the same request again after Retry-After: cancelling twice does no harm.',
    snippet: SNIPPETS.again,
    operator: 'Compare "upstreamMs" and "waitMs" in the log; its level debug shows each attempt.',
  },
  'upstream-invalid-response': {
    meaning: 'DLC gave a response that makes no sense.',
    advice: 'Send the same request again after Retry-After: cancelling twice does no harm.',
    snippet: SNIPPETS.again,
    operator:
      '"reason" in the log says what was wrong: something between gateway and DLC may have answered.',
  },
} as const satisfies Record<ProblemCode, ProblemText>;
