// A request as HTTP, curl and fetch, and an answer as HTTP. A request is
// { method, url, headers, body?, origin? }; `origin` is what a browser adds.

export const FORMS = {
  http({ method, url, headers, body, origin }) {
    const { host, pathname, search } = new URL(url);
    const fields = { Host: host, ...(origin && { Origin: origin }), ...headers };
    return message(`${method} ${pathname}${search} HTTP/1.1`, Object.entries(fields), body);
  },

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
};

export function answerText({ status, statusText, headers, body }) {
  return message(`HTTP/1.1 ${status} ${statusText}`, headers, pretty(body));
}

const message = (first, fields, body) =>
  [first, ...fields.map(([name, value]) => `${name}: ${value}`), ...(body ? ['', body] : [])].join(
    '\n',
  );

/** For a POSIX shell. */
const quote = (text) => `'${text.replaceAll("'", String.raw`'\''`)}'`;

function pretty(body) {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
