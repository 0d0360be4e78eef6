/** Jest runs TypeScript as ES modules: each file is transpiled alone; `npm run types` checks the types. */
export default {
  testEnvironment: 'node',
  // Tests work over real HTTP and share the machine: generous, so that a busy one fails nothing.
  testTimeout: 30_000,
  // One more than a small machine has processors: tests also wait, for processes, leases and limits of time.
  maxWorkers: 3,
  // With ES modules in jest, what a file loaded stays in its process: workers are renewed before that slows them down.
  workerIdleMemoryLimit: '500MB',
  globalSetup: '<rootDir>/tests/support/run/setup.js',
  globalTeardown: '<rootDir>/tests/support/run/teardown.js',
  testMatch: ['<rootDir>/tests/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: { '^.+\\.ts$': ['ts-jest', { useESM: true }] },
  coverageProvider: 'v8',
  collectCoverageFrom: ['src/**/*.ts'],
};
