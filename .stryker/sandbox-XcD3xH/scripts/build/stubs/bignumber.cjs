// `json-bigint` asks of every value that it writes whether it is one of these. The gateway sends none.
module.exports = function BigNumber() {
  throw new Error('this bundle has no big numbers');
};
module.exports.isBigNumber = () => false;
