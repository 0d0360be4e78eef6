/** Jest runs TypeScript as ES modules: each file is transpiled alone; `npm run types` checks the types. */
export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/tests/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: { '^.+\\.ts$': ['ts-jest', { useESM: true }] },
  coverageProvider: 'v8',
  collectCoverageFrom: ['src/**/*.ts'],
};
