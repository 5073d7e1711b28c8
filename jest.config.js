import { availableParallelism } from 'node:os';

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
  // Half of their time the tests wait. Not as a percentage: jest takes '150%' for 150 workers.
  maxWorkers: Math.ceil(1.5 * availableParallelism()),
  reporters: [
    '<rootDir>/test/support/report.js',
    // Every failure is printed once, not again at the end.
    ['default', { summaryThreshold: 10_000 }],
    '<rootDir>/test/support/received-reporter.js',
  ],
};
