// The SDK makes a trace id where none is given. Node's own is as good (RFC 9562, version 4), and is loaded already.
const { randomUUID } = require('node:crypto');

module.exports = { v4: () => randomUUID() };
