import type { ProblemText } from './api-document.ts';
import type { ProblemCode } from './problems.ts';

/**
 * What each problem means and what to do about it: the one source of the pages at `/problems/{code}`,
 * of the OpenAPI document and of docs/errors.md.
 */
export const PROBLEM_TEXTS = {
  'invalid-request': {
    meaning: 'The request is malformed: its path, its query, a repeated header field or its body.',
    advice: 'If there are "errors", mend what they name. Nothing was sent to DLC.',
  },
  unauthenticated: {
    meaning: 'There are no credentials, or they are wrong, expired or of a kind not taken here.',
    advice:
      'Send valid credentials of the kind that WWW-Authenticate names; renew what has expired.',
  },
  'insufficient-scope': {
    meaning: 'The credentials are valid, but lack the scope that this operation needs.',
    advice: 'Get credentials with the scope that WWW-Authenticate names.',
  },
  'task-not-permitted': {
    meaning: 'The credentials are valid, but not for this task, region, engine or owner.',
    advice: 'Check the task id and the region; else get credentials that are meant for this task.',
  },
  'principal-blocked': {
    meaning: 'The operator of the gateway has blocked this caller.',
    advice: 'Ask the operator why.',
  },
  'origin-not-allowed': {
    meaning: 'A page of an origin that is not allowed called the endpoint for agents.',
    advice: 'Add the origin to the allowed ones, if its pages may act for their users.',
  },
  'confirmation-required': {
    meaning:
      'The gateway has a person confirm what agents cancel, and nobody has confirmed this: nothing was cancelled.',
    advice:
      'Use a client that shows forms of the protocol (elicitation, 2026-07-28), and agree there within two minutes.',
  },
  'route-not-found': {
    meaning: 'There is nothing at this path.',
    advice: 'Compare the path with /openapi.json; a slash at its end makes another path.',
  },
  'method-not-allowed': {
    meaning: 'The path exists, but does not take this method.',
    advice: 'Use a method that Allow lists.',
  },
  'request-timeout': {
    meaning: 'The request did not arrive in time.',
    advice: 'Send it again as a whole. Nothing was sent to DLC.',
  },
  'payload-too-large': {
    meaning:
      'The body is over 8 KiB; 16 KiB on the webhook route, 256 KiB on those of single senders.',
    advice: 'Send a smaller body; only webhook routes need one at all.',
  },
  'unsupported-media-type': {
    meaning: 'The webhook is not application/json, or, from Slack, no form.',
    advice: 'Choose application/json as the content type at the sender.',
  },
  'quota-exceeded': {
    meaning: "This caller's own quota is used up; others are not affected.",
    advice: 'Wait as long as Retry-After says; the RateLimit fields show the quota.',
  },
  'request-header-fields-too-large': {
    meaning: 'The header fields are over 16 KiB.',
    advice: 'Send fewer or shorter header fields.',
  },
  'internal-error': {
    meaning: 'The gateway has a defect. Its log has the reason under the request id.',
    advice: 'Tell the operator the request id. Ask for the state of the task before anything else.',
  },
  'gateway-misconfigured': {
    meaning: 'The gateway has wrong settings or no cloud credentials; its log says which.',
    advice: 'Tell the operator the request id. The request itself may be fine.',
  },
  'auth-provider-unavailable': {
    meaning: "The token's key is not known yet, and its issuer's keys cannot be fetched now.",
    advice: 'Send the same request again after Retry-After.',
  },
  'permission-check-unavailable': {
    meaning:
      "The permission depends on the task's engine or owner, and DLC cannot be asked for it now.",
    advice: 'Send the same request again after Retry-After. Nothing was cancelled.',
  },
  overloaded: {
    meaning:
      'The gateway has more requests in flight than it can serve, or can write no more audit lines.',
    advice: 'Send the same request again after Retry-After.',
  },
  'upstream-rate-limited': {
    meaning: 'The cancellations that DLC takes in a second are used up, by all callers together.',
    advice: 'Send the same request again after Retry-After. Nothing was cancelled.',
  },
  'upstream-operation-failed': {
    meaning: 'DLC reports FailedOperation, or that something other than the task no longer exists.',
    advice: 'Ask for the state of the task: with "outcomeUnknown" it may be cancelled or not.',
  },
  'another-request-processing': {
    meaning: 'DLC is busy with another request for this task, perhaps a cancellation.',
    advice: 'Ask for the state of the task, or send the same request again after Retry-After.',
  },
  'upstream-request-failed': {
    meaning: 'DLC could not reach the service behind it.',
    advice: 'Send the same request again after Retry-After: cancelling twice does no harm.',
  },
  'upstream-internal-error': {
    meaning: 'DLC reports InternalError.',
    advice: 'Send the same request again after Retry-After: cancelling twice does no harm.',
  },
  'task-not-found': {
    meaning: 'DLC knows no such task in this region.',
    advice: 'Check the task id and the region; DLC shows tasks of the last 45 days.',
  },
  'task-already-finished': {
    meaning: 'The task had ended before; "taskState" says how, if that is known.',
    advice: 'Nothing is left to cancel.',
  },
  'upstream-rejected-request': {
    meaning: 'DLC reports InvalidParameter: it does not accept something in the request.',
    advice: 'Check the task id and the region; "upstreamCode" has DLC\'s own code.',
  },
  'upstream-credentials-rejected': {
    meaning: "DLC refuses the gateway's own credentials or role; the caller's are fine.",
    advice: 'Tell the operator, whose log has the reason under the request id.',
  },
  'upstream-quota-exceeded': {
    meaning: 'A quota of the cloud account is used up.',
    advice: 'Send the same request again after Retry-After; tell the operator if it stays so.',
  },
  'task-busy': {
    meaning: 'DLC reports ResourceInUse: the task, or what it depends on, is in use.',
    advice: 'Send the same request again after Retry-After.',
  },
  'operation-not-supported': {
    meaning: 'DLC cannot do this to this task.',
    advice: 'Wait for the task to end.',
  },
  'upstream-unavailable': {
    meaning: 'DLC is temporarily unavailable.',
    advice: 'Send the same request again after Retry-After: cancelling twice does no harm.',
  },
  'upstream-error': {
    meaning: 'DLC gives an error code that the gateway does not know.',
    advice: 'Ask for the state of the task: with "outcomeUnknown" it may be cancelled or not.',
  },
  'upstream-unreachable': {
    meaning: 'The connection to DLC failed.',
    advice: 'Send the same request again after Retry-After: cancelling twice does no harm.',
  },
  'upstream-timeout': {
    meaning: 'DLC did not respond in time.',
    advice: 'Send the same request again after Retry-After: cancelling twice does no harm.',
  },
  'upstream-invalid-response': {
    meaning: 'DLC gave a response that makes no sense.',
    advice: 'Send the same request again after Retry-After: cancelling twice does no harm.',
  },
} as const satisfies Record<ProblemCode, ProblemText>;
