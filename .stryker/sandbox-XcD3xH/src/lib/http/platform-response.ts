import type { HttpResponse } from './message.ts';

/** What SCF and Lambda take back from a function that answers HTTP. */
export interface PlatformResponse {
  statusCode: number;
  headers?: Readonly<Record<string, string>>;
  multiValueHeaders?: Readonly<Record<string, string[]>>;
  body: string;
  isBase64Encoded: false;
}

/** `multiValue`: in the form that an ALB with multi-value headers takes, which ignores `headers`. */
export function toPlatformResponse(response: HttpResponse, multiValue: boolean): PlatformResponse {
  const { status: statusCode, headers, body } = response;
  if (!multiValue) return { statusCode, headers, body, isBase64Encoded: false };
  const multiValueHeaders = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, [value]]),
  );
  return { statusCode, multiValueHeaders, body, isBase64Encoded: false };
}
