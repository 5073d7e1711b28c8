import { randomUUID } from 'node:crypto';

/**
 * The body of an answer that went well.
 *
 * @param data the action's own members
 * @returns JSON text: `{"Response": {…data, "RequestId"}}`
 */
export function successBody(data: object): string {
  return JSON.stringify({ Response: { ...data, RequestId: randomUUID() } });
}

/**
 * The body of a refusal, which the API sends with HTTP 200.
 *
 * @param detail the undocumented `Error.Detail` that DLC sometimes sends; left out when absent
 * @returns JSON text: `{"Response": {"Error": {"Code", "Message"}, "RequestId"}}`
 */
export function errorBody(code: string, message: string, detail?: string): string {
  const error = {
    Code: code,
    Message: message,
    ...(detail === undefined ? {} : { Detail: detail }),
  };
  return JSON.stringify({ Response: { Error: error, RequestId: randomUUID() } });
}
