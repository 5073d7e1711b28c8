/** Started by `node --experimental-vm-modules`: the sources are ES modules, and stay so under test. */
export default {
  testEnvironment: '<rootDir>/test/support/environment.js',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2023', parser: { syntax: 'typescript' } }, module: { type: 'es6' } },
    ],
  },
  // As in the bundles: the SDK sends by what is shipped.
  moduleNameMapper: { '^node-fetch$': '<rootDir>/scripts/build/stubs/node-fetch.cjs' },
  coverageProvider: 'v8',
  collectCoverageFrom: ['src/**/*.ts'],
  coverageThreshold: { global: { statements: 95, branches: 95 } },
  // Only against a hang: nothing is asserted about how long a thing takes.
  testTimeout: 120_000,
  // One process a core: a test that waits leaves its core to others.
  maxWorkers: '100%',
  reporters: [
    '<rootDir>/test/support/report.js',
    // Every failure is printed once, not again at the end.
    ['default', { summaryThreshold: 10_000 }],
    '<rootDir>/test/support/received-reporter.js',
  ],
};
