/** The checker of documentation notices what is wrong with it. */
import { describe, expect, it } from '@jest/globals';
import { exampleSnippets, pageSnippet, runSnippet, typeErrors } from './snippets.ts';

const fence = '```';
const page = (...code: string[]) => pageSnippet('page.md', ['# A page', `${fence}ts`, ...code, fence].join('\n'));

describe('runSnippet', () => {
  it.each([
    ['a printed value', 'console.log([1, 2], "a"); // [1, 2] a'],
    ['a bare expression', '1 / 4; // 0.25'],
    ['an expression that is awaited', 'await Promise.resolve(3); // 3'],
    ['a truncated number', 'Math.PI; // 3.14…'],
    ['truncation in the middle', "({ a: 1 / 3, b: 'x' }); // { a: 0.33…, b: 'x' }"],
    ['an error', "null.x; // throws Cannot read…'x')"],
    ['lines below', 'console.log("a\\nb");\n// a\n// b'],
    ['a printed value in a block', 'for (const x of [1]) {\n  console.log(x); // 1\n}'],
    [
      'code that hides an import',
      "import { tensor } from '@tapegrad/kernels';\nconst x = tensor([1]).shape;\nx; // [1]",
    ],
  ])('accepts %s', async (_, code) => {
    expect(await runSnippet(page(code))).toEqual({ failures: [], compared: 1 });
  });

  it.each([
    ['another value', 'console.log(2); // 3', 'line 3: says 3, gives 2'],
    ['too few digits without …', 'Math.PI; // 3.14', 'line 3: says 3.14, gives 3.141592653589793'],
    [
      'another error',
      '[].x.y; // throws nothing',
      "line 3: says throws nothing, gives throws Cannot read properties of undefined (reading 'y')",
    ],
    ['an error that is not thrown', 'void 0; // throws up', 'line 3: says throws up, gives undefined'],
    ['lines that differ', 'console.log("a\\nb");\n// a\n// c', 'line 3: says a\nc, gives a\nb'],
    ['a claim that is not reached', 'if (!Math) {\n  console.log(1); // 1\n}', 'line 4: never reached'],
  ])('rejects %s', async (_, code, failure) => {
    expect((await runSnippet(page(code))).failures).toEqual([failure]);
  });

  it('reports what code throws', async () => {
    const { failures } = await runSnippet(page('1; // 1', 'null.x;'));
    expect(failures).toEqual([expect.stringMatching(/^after line 3: throws TypeError/)]);
  });

  it('compares nothing where nothing is claimed', async () => {
    const code = ['const x = [1]; // prose', 'x.forEach(() => {}); // prose', 'x;', 'console.log(x);'];
    expect(await runSnippet(page(...code))).toEqual({ failures: [], compared: 0 });
  });
});

describe('pageSnippet', () => {
  it('joins the blocks of a page, those in ts alone', async () => {
    const text = `${fence}ts\nconst x: number = 1;\n${fence}\n${fence}ts no-run\nfail(\n${fence}\n${fence}sh\nls\n${fence}\n${fence}ts\nx; // 1\n${fence}`;
    expect(await runSnippet(pageSnippet('page.md', text))).toEqual({ failures: [], compared: 1 });
  });
});

describe('exampleSnippets', () => {
  it('finds each example, at its line, with the exports of the package in scope', async () => {
    const source =
      '/**\n * Text.\n *\n * @example\n * tensor([1, 2]).shape; // [2]\n * @returns x\n */\n/**\n * @example\n * 2; // 3\n */\n';
    const examples = exampleSnippets('a.ts', source, ['@tapegrad/kernels']);
    expect(examples.map(({ name }) => name)).toEqual(['a.ts:4', 'a.ts:9']);
    expect(await runSnippet(examples[0])).toEqual({ failures: [], compared: 1 });
    expect((await runSnippet(examples[1])).failures).toEqual(['line 10: says 3, gives 2']);
  });
});

describe('typeErrors', () => {
  it('names page and line', () => {
    const name = 'other.md';
    const good = page("import { type Shape } from '@tapegrad/kernels';", 'const s: Shape = [1];', 's.length;');
    const implied = { ...page('tensor([1]).shape;', 'const zeros = 1;', 'zeros + 1;'), scope: ['@tapegrad/kernels'] };
    const bad = { ...page("import { tensor } from '@tapegrad/kernels';", "tensor('1');"), name };
    const errors = typeErrors([good, implied, bad], 'docs/.snippets-test');
    expect([...errors]).toEqual([[name, [expect.stringMatching(/^line 4: TS\d+: Argument of type/)]]]);
  }, 20_000);
});
