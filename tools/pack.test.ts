/** The packages work for a stranger who installs them; see `tools/pack.mjs`. */
import { expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';

test('the packed packages install, import and type-check', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['tools/pack.mjs'], { encoding: 'utf8' });
  const failed = stdout.split('\n').filter((line) => line !== '' && !line.startsWith('ok '));
  expect({ failed, stderr, status }).toEqual({ failed: [], stderr: '', status: 0 });
}, 120_000);
