// A request or a response as a text to read, or to copy.

/** The forms of a request, `{ method, url, headers, body?, origin? }`; the browser itself adds `origin`. */
export const FORMS = {
  curl({ method, url, headers, body, origin }) {
    const fields = { ...(origin && { Origin: origin }), ...headers };
    return [
      `curl -i -X ${method} ${quote(url)}`,
      ...Object.entries(fields).map(([name, value]) => `-H ${quote(`${name}: ${value}`)}`),
      ...(body === undefined ? [] : [`--data-raw ${quote(body)}`]),
    ].join(' \\\n  ');
  },

  fetch({ method, url, headers, body }) {
    const options = { method, headers, ...(body !== undefined && { body }) };
    return `const response = await fetch(${JSON.stringify(url)}, ${JSON.stringify(options, null, 2)});`;
  },

  http({ method, url, headers, body, origin }) {
    const { host, pathname, search } = new URL(url);
    const fields = { Host: host, ...(origin && { Origin: origin }), ...headers };
    const head = headOf(`${method} ${pathname}${search} HTTP/1.1`, Object.entries(fields));
    return body ? `${head}\n\n${body}` : head;
  },
};

/** The first line, and the header fields, one a line. */
export const headOf = (first, fields) =>
  [first, ...fields.map(([name, value]) => `${name}: ${value}`)].join('\n');

/** For a POSIX shell. */
const quote = (text) => `'${text.replaceAll("'", String.raw`'\''`)}'`;

/** JSON with a member a line; any other text as it is. */
export function pretty(body) {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
