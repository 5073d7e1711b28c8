/** `npm run mutation`: which changes of the code for cancellation, rate limits and authentication no test notices. */

/** The tests that run in one process with the changed code: no built bundle, no Redis, no wait of seconds. */
const TESTS = {
  'src/lib/cancellation': ['lib/cancellation/*', 'every-code', 'permission', 'prefer-wait'],
  'src/lib/rate-limit': ['lib/rate-limit/*'],
  'src/lib/auth': ['lib/auth/*'],
};

// `npm run mutation -- --mutate 'src/lib/auth/jwt*.ts'` needs the tests of that folder alone.
const asked = Object.keys(TESTS).filter((folder) => process.argv.join(' ').includes(folder));
const folders = asked.length > 0 ? asked : Object.keys(TESTS);

export default {
  mutate: folders.map((folder) => `${folder}/**/*.ts`),
  testRunner: 'jest',
  testRunnerNodeArgs: ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'],
  jest: {
    projectType: 'custom',
    configFile: 'jest.config.js',
    enableFindRelatedTests: false,
    config: {
      testEnvironment: 'node',
      reporters: [],
      testMatch: folders.flatMap((folder) =>
        TESTS[folder].map((name) => `<rootDir>/test/${name}.test.ts`),
      ),
    },
  },
  // Each change meets only the tests that run through it.
  coverageAnalysis: 'perTest',
  // A change of what is evaluated at import would need a process of its own.
  ignoreStatic: true,
  // swc removes types without a look at them.
  disableTypeChecks: false,
  ignorePatterns: [
    '/*',
    '!/src',
    '!/test',
    '!/emulator',
    '!/scripts',
    '!/config',
    '!/package.json',
    '!/jest.config.js',
  ],
  tempDirName: '.stryker',
  timeoutMS: 20_000,
  reporters: ['clear-text', 'progress-append-only'],
  clearTextReporter: { logTests: false, reportTests: false, allowColor: false },
  thresholds: { high: 90, low: 80, break: null },
};
