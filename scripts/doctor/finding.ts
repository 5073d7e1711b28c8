/** What a check found: one line of the report. Its texts name settings and codes, never a value of a secret. */
export interface Finding {
  readonly check: CheckName;
  readonly status: 'ok' | 'warning' | 'failed' | 'skipped';
  readonly message: string;
  /** What to do about it. */
  readonly advice?: string;
  /** Of a failure: what the doctor ends with, where it is the first. */
  readonly exitCode?: number;
}

export type CheckName =
  | 'settings'
  | 'callers'
  | 'secrets'
  | 'credentials'
  | 'endpoint'
  | 'clock'
  | 'region'
  | 'DescribeTasks'
  | 'CancelTask'
  | 'issuer'
  | 'redis'
  | 'doctor';

/** Exit codes after sysexits(3), by what is wrong. */
export const EXIT = {
  /** EX_UNAVAILABLE: it cannot be reached. */
  unreachable: 69,
  /** EX_SOFTWARE: an answer that nobody foresaw. */
  unexpected: 70,
  /** EX_OSERR: the machine's clock. */
  clock: 71,
  /** EX_TEMPFAIL: it may be different in a minute. */
  temporary: 75,
  /** EX_NOPERM: wrong credentials, or a role that may not. */
  permission: 77,
  /** EX_CONFIG: wrong or missing settings. */
  settings: 78,
} as const;

export const ok = (check: CheckName, message: string): Finding => ({
  check,
  status: 'ok',
  message,
});

export const skipped = (check: CheckName, message: string): Finding => ({
  check,
  status: 'skipped',
  message,
});

export const warning = (check: CheckName, message: string, advice: string): Finding => ({
  check,
  status: 'warning',
  message,
  advice,
});

export const failed = (
  check: CheckName,
  reason: keyof typeof EXIT,
  message: string,
  advice: string,
): Finding => ({ check, status: 'failed', message, advice, exitCode: EXIT[reason] });
