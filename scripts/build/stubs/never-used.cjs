// Stands in for a package that the SDK imports and the gateway never calls.
module.exports = function neverUsed() {
  throw new Error('this bundle has no proxy, no multipart support and no streams to send');
};
