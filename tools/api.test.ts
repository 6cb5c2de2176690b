/** What the packages export is what `api/` lists. In a process of its own: the compiler is slow under jest. */
import { expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

test('api/ lists what the packages export', () => {
  const { stdout, stderr } = spawnSync(process.execPath, ['tools/api.mjs'], { encoding: 'utf8' });
  expect(stdout + stderr).toBe('');
}, 20_000);

test.each(readdirSync('api'))('api/%s has no any', (list) => {
  const lines = readFileSync(`api/${list}`, 'utf8').split('\n');
  expect(lines.filter((line) => /[:=|<,] any\b|\bany\[\]/.test(line))).toEqual([]);
});
