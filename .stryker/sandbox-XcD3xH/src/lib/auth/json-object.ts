export type JsonObject = Readonly<Record<string, unknown>>;

/** Tells a JSON object from everything else that `JSON.parse` can give. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
