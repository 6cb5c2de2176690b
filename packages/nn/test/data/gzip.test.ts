import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { gunzip } from '../../src/data/gzip.ts';
import { damaged, outcome } from '../formats/helpers.ts';

describe('gunzip', () => {
  it('undoes gzip', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 1000 }), async (bytes) => {
        expect(await gunzip(gzipSync(bytes))).toEqual(bytes);
      }),
    );
  });

  it('reads large files', async () => {
    const bytes = Uint8Array.from({ length: 3_000_000 }, (_, i) => (i * i) >> 7);
    expect(Buffer.compare(await gunzip(gzipSync(bytes)), bytes)).toBe(0);
  });

  it('stops at the limit', async () => {
    const bomb = gzipSync(new Uint8Array(1 << 28));
    // Who reads on finds the damage at the end, and reports that.
    bomb.fill(0, bomb.length - 1000);
    await expect(gunzip(bomb, { limit: 1000 })).rejects.toThrow('more than the 1000 bytes allowed');
    expect(await gunzip(gzipSync(new Uint8Array(1000)), { limit: 1000 })).toHaveLength(1000);
  });

  it('refuses what is not gzip, and a limit that is no number', async () => {
    await expect(gunzip(new Uint8Array([1, 2, 3]))).rejects.toThrow('does not start with 1f 8b');
    expect(await outcome(() => gunzip(gzipSync('a'), { limit: NaN }))).toBe('argument');
  });

  it('notices every cut, and survives damage to every byte', async () => {
    const file = gzipSync('a text with a text in it, again and again and again');
    for (const bytes of damaged(file)) {
      const result = await outcome(() => gunzip(bytes));
      expect(bytes.length < file.length ? ['format'] : ['ok', 'format']).toContain(result);
    }
  });
});
