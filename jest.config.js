/** @type {import('jest').Config} */
export default {
  roots: ['<rootDir>/packages', '<rootDir>/docs', '<rootDir>/tools'],
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2023' }, sourceMaps: 'inline' }],
  },
  // Workspace packages resolve to their sources: no build before a test run.
  testEnvironmentOptions: { customExportConditions: ['@tapegrad/source', 'node', 'node-addons'] },
  collectCoverageFrom: ['packages/*/src/**/*.ts'],
  coverageProvider: 'v8',
  coverageThreshold: { global: { lines: 95, branches: 90 } },
};
