/** A setting that cannot be used. The reasons never quote its value, which may be a secret. */
export class SettingError extends Error {
  /** Sentences that lack their subject, which is the setting's name. */
  readonly reasons: readonly string[];

  constructor(...reasons: string[]) {
    super(reasons.join('; '));
    this.reasons = reasons;
  }
}

/** Gives the sentences that are true of a setting: each says what is wrong with it. */
export const faultsIn = (sentences: Readonly<Record<string, boolean>>): string[] =>
  Object.keys(sentences).filter((sentence) => sentences[sentence]);

/** Gives what `make` makes. If it throws SettingError, each reason is noted, and there is nothing. */
export function attempt<T>(make: () => T, note: (reason: string) => void): T | undefined {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof SettingError)) throw error;
    error.reasons.forEach((reason) => note(reason));
    return undefined;
  }
}
