import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { readIdx } from '../../src/data/idx.ts';
import { content, damaged, outcome } from '../formats/helpers.ts';

describe('readIdx', () => {
  it.each<[string, number[], string, number[]]>([
    ['unsigned bytes', [8, 1, 0, 0, 0, 2, 0, 255], 'i32', [0, 255]],
    ['signed bytes', [9, 1, 0, 0, 0, 2, 128, 127], 'i32', [-128, 127]],
    ['16-bit integers', [11, 1, 0, 0, 0, 2, 128, 0, 1, 2], 'i32', [-32768, 258]],
    ['32-bit integers', [12, 1, 0, 0, 0, 1, 1, 2, 3, 4], 'i32', [0x01020304]],
    ['floats', [13, 1, 0, 0, 0, 1, 0xbf, 0x80, 0, 0], 'f32', [-1]],
    ['doubles', [14, 1, 0, 0, 0, 1, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0], 'f64', [1.5]],
  ])('reads %s', async (_, bytes, dtype, expected) => {
    const x = await readIdx(new Uint8Array([0, 0, ...bytes]));
    expect(x.dtype).toBe(dtype);
    expect(x.toArray()).toEqual(expected);
  });

  it('reads images, plain and gzipped alike', async () => {
    const bytes = new Uint8Array([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 3, 4]);
    const plain = await readIdx(bytes);
    expect(plain.toArray()).toEqual([[[1, 2]], [[3, 4]]]);
    expect(content(await readIdx(gzipSync(bytes)))).toEqual(content(plain));
  });

  it('reads rank 0', async () => {
    expect((await readIdx(new Uint8Array([0, 0, 8, 0, 7]))).item()).toBe(7);
  });

  it.each<[string, number[], string]>([
    ['nothing', [], 'not IDX'],
    ['another magic number', [1, 0, 8, 0, 7], 'not IDX'],
    ['an unknown type', [0, 0, 10, 0, 7], 'type 10'],
    ['too few extents', [0, 0, 8, 2, 0, 0, 0, 1], 'too few for 2 extents'],
    ['too few elements', [0, 0, 8, 1, 0, 0, 0, 2, 1], 'shape [2] takes 2'],
    ['too many elements', [0, 0, 8, 1, 0, 0, 0, 0, 1], 'shape [0] takes 0'],
    ['an overflowing shape', [0, 0, 8, 2, ...new Array<number>(8).fill(255)], 'can be counted'],
  ])('refuses %s', async (_, bytes, message) => {
    await expect(readIdx(new Uint8Array(bytes))).rejects.toThrow(
      expect.objectContaining({ code: 'format', message: expect.stringContaining(message) }),
    );
  });

  it('survives damage to every byte', async () => {
    const file = new Uint8Array([0, 0, 13, 2, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8]);
    for (const bytes of [...damaged(file), ...damaged(gzipSync(file))]) {
      expect(['ok', 'format']).toContain(await outcome(() => readIdx(bytes)));
    }
  });
});
