const STATUSES = [400, 401, 403, 404, 409, 429, 500, 502, 503, 504] as const;

export type RefusalStatus = (typeof STATUSES)[number];

/** Why a request is not done, and how that is answered. */
export class Refusal extends Error {
  readonly status: RefusalStatus;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: RefusalStatus,
    code: string,
    detail: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(detail);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/** The status that frameworks put on their own errors, such as that of an unknown route; 500 where there is none. */
export function statusOf(error: unknown): RefusalStatus {
  const { status, statusCode }: { status?: unknown; statusCode?: unknown } = Object(error);
  const found = status ?? statusCode;
  return STATUSES.find((known) => known === found) ?? 500;
}
