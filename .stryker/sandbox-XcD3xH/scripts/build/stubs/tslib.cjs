// The SDK takes these two of TypeScript's helpers. The real `__importStar` copies every member of `node:crypto`,
// which makes Node load WebCrypto; this one looks them up. `__esModule` is what compilers mark a module with.
/* oxlint-disable no-underscore-dangle -- these are their names */
module.exports = {
  __importDefault: (module) => (module?.__esModule ? module : { default: module }),
  __importStar: (module) =>
    module?.__esModule ? module : Object.create(module, { default: { value: module } }),
};
