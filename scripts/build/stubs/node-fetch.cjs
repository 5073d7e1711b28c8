// Sends what the SDK gives node-fetch to send, by Node's own client: the same fields, an agent, a signal. Gives of the
// response what the SDK reads. Redirects, compression, proxies and timeouts of its own are what the gateway does not want.
const http = require('node:http');
const https = require('node:https');

/** What node-fetch adds, so that DLC sees the client that it always saw. */
const FIELDS = {
  Accept: '*/*',
  'User-Agent': 'node-fetch/1.0 (+https://github.com/bitinn/node-fetch)',
};

/** @returns resolves once the head of the response is there; rejects with what Node's client says */
module.exports = (url, { method, headers, body, agent, signal }) =>
  new Promise((resolve, reject) => {
    const { request } = url.startsWith('https:') ? https : http;
    const sent = request(url, { method, agent, signal, headers: { ...FIELDS, ...headers } });
    sent.on('error', reject);
    sent.once('response', (response) => resolve(toResponse(sent, response)));
    sent.end(body);
  });

function toResponse(sent, response) {
  const { statusCode: status, statusMessage: statusText, headers } = response;
  const chunks = [];
  const text = new Promise((resolve, reject) => {
    // A signal or the agent may end what has come whole.
    sent.on('error', reject);
    response.on('data', (chunk) => chunks.push(chunk));
    response.once('close', () => {
      if (response.complete) resolve(Buffer.concat(chunks).toString());
      else reject(new Error('response cut short'));
    });
  });
  // The SDK reads no body where the status is another than 200.
  text.catch(() => undefined);
  return {
    status,
    statusText,
    headers: { get: (name) => headers[name] ?? null },
    json: async () => JSON.parse(await text),
  };
}
