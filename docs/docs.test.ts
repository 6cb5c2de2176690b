/** The code in pages and doc comments compiles, runs, and gives what it says; see `tools/snippets.ts`. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { exampleSnippets, pageSnippet, runSnippet, type Snippet, typeErrors } from '../tools/snippets.ts';

/** Pages that have no code to run; every other page must have some. */
const withoutCode = ['CHANGELOG.md', 'CONTRIBUTING.md'];

const folders = readdirSync('packages');
const pages = [
  ...markdownIn('.'),
  ...markdownIn('docs'),
  ...markdownIn('docs/guide'),
  ...folders.flatMap((folder) => markdownIn(`packages/${folder}`)),
].map((path) => pageSnippet(path, readFileSync(path, 'utf8')));

const examples = folders.flatMap((folder) => {
  const { name } = JSON.parse(readFileSync(`packages/${folder}/package.json`, 'utf8')) as { name: string };
  const scope = [...new Set([name, 'tapegrad'])];
  return readdirSync(`packages/${folder}/src`, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .sort()
    .map((path) => `packages/${folder}/src/${path}`)
    .flatMap((path) => exampleSnippets(path, readFileSync(path, 'utf8'), scope));
});

let errors = new Map<string, string[]>();
beforeAll(() => {
  errors = typeErrors([...pages, ...examples]);
}, 30_000);

describe('pages', () => {
  test.each(pages)('$name', async (page) => {
    const { compared } = await expectSound(page);
    expect(compared > 0).toBe(!withoutCode.includes(page.name));
  });
});

describe('examples in doc comments', () => {
  test.each(examples)('$name', async (example) => {
    const { compared } = await expectSound(example);
    expect(compared).toBeGreaterThan(0);
  });
});

async function expectSound(snippet: Snippet): Promise<{ compared: number }> {
  const { failures, compared } = await runSnippet(snippet);
  expect([...(errors.get(snippet.name) ?? []), ...failures]).toEqual([]);
  return { compared };
}

function markdownIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => name.endsWith('.md'));
  return names.map((name) => (folder === '.' ? name : `${folder}/${name}`));
}
