// node-fetch parses with url.parse, of which Node 24 warns on stderr, beside a log of JSON lines. This gives
// it the same members by the WHATWG parser, which it has put every address through before.
const url = require('node:url');

module.exports = {
  URL,
  format: url.format,
  parse(text) {
    const parsed = new URL(text);
    return { ...url.urlToHttpOptions(parsed), host: parsed.host };
  },
};
