export interface CloudCredentials {
  readonly secretId: string;
  readonly secretKey: string;
  readonly token?: string;
}

/** SCF sets the first spelling for a function with a role, the SDK's own provider reads the second. */
export const SPELLINGS = [
  ['TENCENTCLOUD_SECRETID', 'TENCENTCLOUD_SECRETKEY', 'TENCENTCLOUD_SESSIONTOKEN'],
  ['TENCENTCLOUD_SECRET_ID', 'TENCENTCLOUD_SECRET_KEY', 'TENCENTCLOUD_SESSION_TOKEN'],
] as const;

/**
 * The gateway's own credentials for the cloud, from the first spelling that has both id and key;
 * a session token only from the same spelling. To be read at every call: a platform rotates them.
 */
export function readCredentials(
  env: Readonly<Record<string, string | undefined>>,
): CloudCredentials | undefined {
  for (const [idName, keyName, tokenName] of SPELLINGS) {
    const secretId = env[idName];
    const secretKey = env[keyName];
    const token = env[tokenName];
    if (secretId && secretKey) return { secretId, secretKey, ...(token && { token }) };
  }
  return undefined;
}
