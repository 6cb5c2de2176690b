/** The linter holds the import directions between packages; here its rules are seen to bite. */
import { describe, expect, it } from '@jest/globals';
import { ESLint } from 'eslint';

// Only the rules in question, and without types, which they do not read.
const eslint = new ESLint({
  ruleFilter: ({ ruleId }) => ruleId.startsWith('no-restricted-') || ruleId === 'no-new-func',
  overrideConfig: { languageOptions: { parserOptions: { projectService: false } } },
});

async function brokenRules(filePath: string, code: string): Promise<(string | null)[]> {
  const [{ messages }] = await eslint.lintText(code, { filePath });
  return messages.map(({ ruleId }) => ruleId);
}

describe('imports', () => {
  it.each([
    ['kernels', 'tapegrad'],
    ['kernels', '@tapegrad/nn'],
    ['core', '@tapegrad/nn'],
    ['core', 'tapegrad'],
    ['nn', '@tapegrad/kernels'],
    ['nn', 'tapegrad/src/tape.ts'],
    ['nn', '../../core/src/tape.ts'],
    ['nn', 'node:fs'],
    ['nn', 'fs'],
  ])('%s may not import %s', async (folder, specifier) => {
    const file = `packages/${folder}/src/example.ts`;
    expect(await brokenRules(file, `import { x } from '${specifier}';\nx();\n`)).toEqual(['no-restricted-imports']);
    expect(await brokenRules(file, `export * from '${specifier}';\n`)).toEqual(['no-restricted-imports']);
    expect(await brokenRules(file, `await import('${specifier}');\n`)).toEqual(['no-restricted-syntax']);
  });

  it.each([
    ['packages/core/src/example.ts', '@tapegrad/kernels'],
    ['packages/core/src/ops/example.ts', '../tape.ts'],
    ['packages/nn/src/example.ts', 'tapegrad'],
    ['packages/kernels/test/example.test.ts', '@tapegrad/nn'],
    ['packages/kernels/test/example.test.ts', '../src/tensor.ts'],
  ])('%s may import %s', async (file, specifier) => {
    expect(await brokenRules(file, `import { x } from '${specifier}';\nx();\n`)).toEqual([]);
  });
});

it('sources use no global of one platform', async () => {
  const file = 'packages/core/src/example.ts';
  expect(await brokenRules(file, 'process.exit();\n')).toEqual(['no-restricted-globals']);
  expect(await brokenRules(file, 'globalThis.document.title;\n')).toEqual(['no-restricted-properties']);
});

it('only compile.ts turns text into code', async () => {
  const code = "new Function('x', 'return x');\n";
  expect(await brokenRules('packages/kernels/src/compile.ts', code)).toEqual([]);
  expect(await brokenRules('packages/kernels/src/example.ts', code)).toEqual(['no-new-func']);
});
