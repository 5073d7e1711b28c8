// `json-bigint` asks of every value that it writes whether it is one of these. The gateway sends none.
module.exports = class BigNumber {
  static isBigNumber() {
    return false;
  }
};
