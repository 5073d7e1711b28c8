/** A token that cannot be taken. The message is for the log: it never has a part of the token. */
export class InvalidToken extends Error {
  /** What the caller may know, if that is more than that the token is not valid. */
  readonly detail: string | undefined;

  constructor(reason: string, detail?: string) {
    super(reason);
    this.detail = detail;
  }
}
