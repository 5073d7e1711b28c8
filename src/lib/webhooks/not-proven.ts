import type { HeaderFields } from '../http/message.ts';

/** What is wrong with the proof of a request, in a few words for the log. */
export class NotProven extends Error {}

/** The one value of a field. @throws NotProven if there is none, or a second one */
export function onlyValue(headers: HeaderFields, name: string): string {
  const [value, another] = headers.get(name.toLowerCase()) ?? [];
  if (value === undefined) throw new NotProven(`${name} is missing`);
  if (another !== undefined) throw new NotProven(`${name} is repeated`);
  return value;
}
