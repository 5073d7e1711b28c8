// node-fetch takes its URL parser from here; Node's own is as good, and is loaded already.
module.exports = { URL, URLSearchParams };
