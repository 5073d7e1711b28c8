import { EXIT } from '../cli/exit-codes.ts';

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
  | 'senders'
  | 'permissions'
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

/** Exit codes, by what is wrong. */
const EXIT_CODES = {
  unreachable: EXIT.unavailable,
  /** An answer that nobody foresaw. */
  unexpected: EXIT.software,
  clock: EXIT.machine,
  /** It may be different in a minute. */
  temporary: EXIT.temporary,
  /** Wrong credentials, or a role that may not. */
  permission: EXIT.permission,
  settings: EXIT.config,
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
  reason: keyof typeof EXIT_CODES,
  message: string,
  advice: string,
): Finding => ({ check, status: 'failed', message, advice, exitCode: EXIT_CODES[reason] });
