/** Started by `node --experimental-vm-modules`: the sources are ES modules, and stay so under test. */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2023', parser: { syntax: 'typescript' } }, module: { type: 'es6' } },
    ],
  },
  coverageProvider: 'v8',
  collectCoverageFrom: ['src/**/*.ts'],
  coverageThreshold: { global: { statements: 95, branches: 95 } },
  testTimeout: 30_000,
  reporters: [
    'default',
    '<rootDir>/test/support/received-reporter.js',
    '<rootDir>/test/support/ending-reporter.js',
  ],
};
