/** A setting that cannot be used. The reasons never quote its value, which may be a secret. */
export class SettingError extends Error {
  /** Sentences that lack their subject, which is the setting's name. */
  readonly reasons: readonly string[];

  constructor(...reasons: string[]) {
    super(reasons.join('; '));
    this.reasons = reasons;
  }
}

/** Gives the reasons of those rules that are broken. */
export const reasonsIn = (
  rules: readonly (readonly [isBroken: boolean, reason: string])[],
): string[] => rules.flatMap(([isBroken, reason]) => (isBroken ? [reason] : []));
