import { existsSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readZipcode } from '../../src/data/zipcode.ts';
import { ascii, content, damaged, outcome } from '../formats/helpers.ts';

const folder = new URL('../../../../../shared/data/usps/', import.meta.url);
const isPresent = existsSync(new URL('zip.train.gz', folder));
if (!isPresent) console.warn(`No zip.train.gz in ${folder.pathname}: the real zip-code digits were NOT tested.`);

/** A line for a digit whose greys are all `grey`, but the last. */
function line(label: string, last: string, grey = '-1.0000'): string {
  return `${label} ${`${grey} `.repeat(255)}${last}`;
}

describe('readZipcode', () => {
  it('reads labels and greys, with blank lines and any end of line', async () => {
    const text = `\n${line('6.0000', '0.631')} \r\n\n  ${line('3', '1', '-.5e0')}\n\t\n${line('0', '-0.1234567890123456789')}`;
    const { images, labels } = await readZipcode(ascii(text));
    expect(labels.dtype).toBe('i32');
    expect(labels.toArray()).toEqual([6, 3, 0]);
    expect(images.dtype).toBe('f64');
    expect(images.shape).toEqual([3, 16, 16]);
    const greys = images.toTypedArray();
    expect([greys[0], greys[255], greys[256], greys[511], greys[767]]).toEqual([
      -1, 0.631, -0.5, 1, -0.12345678901234568,
    ]);
  });

  it('reads f32, gzipped, and nothing', async () => {
    const bytes = gzipSync(line('1', '0.1'));
    const { images } = await readZipcode(bytes, { dtype: 'f32' });
    expect(images.toTypedArray()[255]).toBe(Math.fround(0.1));
    expect((await readZipcode(new Uint8Array(0))).images.shape).toEqual([0, 16, 16]);
  });

  it('reads numbers as Number does', async () => {
    const spelled = fc
      .tuple(fc.double({ min: -1, max: 1, noNaN: true }), fc.nat(20))
      .map(([x, digits]) => x.toFixed(digits));
    const greys = fc.array(fc.oneof(spelled, fc.double({ min: -1, max: 1, noNaN: true }).map(String)), {
      minLength: 256,
      maxLength: 256,
    });
    await fc.assert(
      fc.asyncProperty(greys, async (words) => {
        const { images } = await readZipcode(ascii(`5 ${words.join(' ')}`));
        expect(images.toTypedArray()).toEqual(Float64Array.from(words, Number));
      }),
    );
  });

  it.each([
    ['a label that is no digit', line('10', '0'), "line 1 starts with '10'"],
    ['half a label', line('6.5', '0'), "line 1 starts with '6.5'"],
    ['a grey too few', `${line('1', '0')}\n\n${line('1', '')}`, 'line 3 has 255 greys'],
    ['a grey too many', line('1', '0 0'), 'line 1 has 257 greys'],
    ['a grey that is no number', line('1', '0.1.2'), "line 1 has '0.1.2' for grey 256"],
    ['a word', line('1', 'Infinity'), "'Infinity' for grey 256"],
    ['a grey beyond 1', line('1', '1.0001'), 'not a number from -1 to 1'],
    ['a very long number', line('1', `0.${'1'.repeat(1000)}`), 'line 1'],
    ['labels alone', '1\n2\n3\n', 'line 1 has 0 greys'],
    ['binary data', '\xff\xd8\xff\xe0', 'line 1 starts with'],
  ])('refuses %s and names the line', async (_, text, message) => {
    await expect(readZipcode(ascii(text))).rejects.toThrow(
      expect.objectContaining({ code: 'format', message: expect.stringContaining(message) }),
    );
  });

  it('refuses other dtypes', async () => {
    expect(await outcome(() => readZipcode(new Uint8Array(0), { dtype: 'i32' as never }))).toBe('dtype');
  });

  it('survives damage to every byte of a file', async () => {
    for (const bytes of damaged(gzipSync(line('7', '0.5')))) {
      expect(['ok', 'format']).toContain(await outcome(() => readZipcode(bytes)));
    }
  });

  (isPresent ? it : it.skip).each([
    ['zip.train.gz', 7291, [1194, 1005, 731, 658, 652, 556, 664, 645, 542, 644]],
    ['zip.test.gz', 2007, [359, 264, 198, 166, 200, 160, 170, 147, 166, 177]],
  ])('reads %s, all %i digits', async (name, count, expected) => {
    const bytes = readFileSync(new URL(name, folder));
    const { images, labels } = await readZipcode(bytes);
    expect(images.shape).toEqual([count, 16, 16]);
    const counts = new Array<number>(10).fill(0);
    for (const label of labels.toTypedArray()) counts[label]++;
    expect(counts).toEqual(expected);
    const single = await readZipcode(bytes, { dtype: 'f32' });
    expect(content(single.images)).toEqual({
      dtype: 'f32',
      shape: [count, 16, 16],
      elements: Float32Array.from(images.toTypedArray()),
    });
  });
});
