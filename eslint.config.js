import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import { readdirSync } from 'node:fs';
import ts from 'typescript-eslint';

/** What the sources of each package may import, besides their own files. Tests may import anything. */
const mayImport = {
  kernels: [],
  core: ['@tapegrad/kernels'],
  nn: ['tapegrad'],
};

/** Libraries run anywhere: no globals of one platform. */
const platformGlobals = [
  ...['process', 'Buffer', 'global', 'require', 'module', '__dirname', '__filename', 'setImmediate'],
  ...['console', 'window', 'document', 'self', 'navigator', 'location', 'localStorage', 'fetch', 'performance'],
];

const directions = readdirSync(new URL('packages', import.meta.url)).map((folder) => {
  const allowed = mayImport[folder];
  if (!allowed) throw new Error(`packages/${folder} has no entry in mayImport of eslint.config.js`);
  const others = allowed.length === 0 ? '^[^.]' : `^(?!(${allowed.join('|')})$)[^.]`;
  const message = `packages/${folder}/src may import ${allowed.join(', ') || 'no package'} and its own files.`;
  return {
    files: [`packages/${folder}/src/**`],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { regex: others, message },
            { regex: '^\\..*/(src|dist|packages)/', message: 'Import other packages by name.' },
          ],
        },
      ],
      'no-restricted-syntax': ['error', { selector: 'ImportExpression', message: 'Import statically.' }],
      'no-new-func': 'error',
      'no-restricted-globals': ['error', ...platformGlobals],
      'no-restricted-properties': ['error', ...platformGlobals.map((property) => ({ object: 'globalThis', property }))],
    },
  };
});

export default defineConfig([
  globalIgnores(['**/dist/', 'coverage/', 'docs/api/', 'docs/.snippets*/']),
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [ts.configs.recommendedTypeChecked, ts.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // Messages interpolate numbers and shapes on purpose.
      '@typescript-eslint/restrict-template-expressions': 'off',
      'no-restricted-exports': ['error', { restrictDefaultExports: { direct: true } }],
    },
  },
  {
    files: ['**/*.{js,mjs}'],
    languageOptions: {
      globals: { console: 'readonly', process: 'readonly', performance: 'readonly', URL: 'readonly' },
    },
  },
  ...directions,
  {
    // The one place that turns text into code; see its module comment.
    files: ['packages/kernels/src/compile.ts'],
    rules: {
      'no-new-func': 'off',
      '@typescript-eslint/no-implied-eval': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
    },
  },
  {
    // Tests say what type an overload gives, though the compiler could do without.
    files: ['**/*.test.ts'],
    rules: { '@typescript-eslint/no-unnecessary-type-assertion': 'off' },
  },
]);
