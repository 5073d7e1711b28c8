/** Temporary cloud credentials of a web function's role. */
export interface ScfCredentials {
  readonly secretId: string;
  readonly secretKey: string;
  readonly token: string;
}

/** Without a comma, by which a platform may join the values of a repeated field. */
const VALUE = /^[\x21-\x2b\x2d-\x7e]+$/;
const FIELDS = ['x-scf-secret-id', 'x-scf-secret-key', 'x-scf-session-token'] as const;

/**
 * Takes the credentials of the function's role out of a request's header fields, where SCF puts them for a
 * web function, so that nothing that reads the fields later can show them.
 *
 * @returns nothing unless all three fields are there, each exactly once
 */
export function takeScfCredentials(
  headers: Map<string, readonly string[]>,
): ScfCredentials | undefined {
  const [secretId, secretKey, token] = FIELDS.map((name) => {
    const [value = '', another] = headers.get(name) ?? [];
    headers.delete(name);
    return another === undefined && VALUE.test(value) ? value : undefined;
  });
  return secretId && secretKey && token ? { secretId, secretKey, token } : undefined;
}
