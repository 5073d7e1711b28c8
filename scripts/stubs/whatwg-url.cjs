// node-fetch asks for `URL` and `parseURL`-free use only: Node's own does the same.
module.exports = { URL, URLSearchParams };
