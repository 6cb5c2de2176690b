import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { conv2d, conv2dInput, type ConvOptions, conv2dWeight } from '../src/conv.ts';
import { promote } from '../src/dtype.ts';
import type { Tensor } from '../src/tensor.ts';
import { anyDtype, anyView, at, build, dot, expectError, expectSame, given } from './arbitrary.ts';

const plain: ConvOptions = { stride: [1, 1], padding: [0, 0], dilation: [1, 1], groups: 1 };
const pair = (min: number, max: number): fc.Arbitrary<[number, number]> =>
  fc.tuple(fc.integer({ min, max }), fc.integer({ min, max }));

const drawn = fc
  .record({
    images: fc.integer({ min: 0, max: 2 }),
    groups: fc.integer({ min: 1, max: 2 }),
    channels: fc.integer({ min: 1, max: 2 }),
    filters: fc.integer({ min: 1, max: 5 }),
    size: pair(1, 6),
    kernel: pair(1, 3),
    stride: pair(1, 3),
    padding: pair(0, 3),
    dilation: pair(1, 2),
    types: fc.tuple(anyDtype, anyDtype),
  })
  .filter((c) => [0, 1].every((k) => c.size[k] + 2 * c.padding[k] >= c.dilation[k] * (c.kernel[k] - 1) + 1))
  .chain((c) =>
    fc.record({
      x: anyView([c.images, c.channels * c.groups, ...c.size], c.types[0]),
      w: anyView([c.filters * c.groups, c.channels, ...c.kernel], c.types[1]),
      o: fc.constant<ConvOptions>(c),
    }),
  );

/** The definition: each output element a sum over channels of its group and the kernel. */
function correlate(x: Tensor, w: Tensor, o: ConvOptions): Tensor {
  const [images, , height, width] = x.shape;
  const [filters, channels, rows, columns] = w.shape;
  const count = (n: number, k: number, axis: number): number =>
    Math.floor((n + 2 * o.padding[axis] - o.dilation[axis] * (k - 1) - 1) / o.stride[axis]) + 1;
  const shape = [images, filters, count(height, rows, 0), count(width, columns, 1)];
  const promoted = promote(x.dtype, w.dtype);
  return build(shape, promoted === 'bool' ? 'i32' : promoted, ([n, f, i, j]) => {
    const group = Math.floor(f / (filters / o.groups));
    let total = 0;
    for (let c = 0; c < channels; c++) {
      for (let k = 0; k < rows; k++) {
        for (let l = 0; l < columns; l++) {
          const y = i * o.stride[0] - o.padding[0] + k * o.dilation[0];
          const z = j * o.stride[1] - o.padding[1] + l * o.dilation[1];
          if (y < 0 || y >= height || z < 0 || z >= width) continue;
          total += at(x, [n, group * channels + c, y, z]) * at(w, [f, c, k, l]);
        }
      }
    }
    return total;
  });
}

describe('conv2d', () => {
  it('is the sum over channels and kernel, for any options and views', () => {
    fc.assert(
      fc.property(drawn, ({ x, w, o }) => expectSame(conv2d(x, w, o), correlate(x, w, o))),
      { numRuns: 200 },
    );
  });

  it('does not depend on how large the images are', () => {
    // Unrolled, these do not fit into the shared scratch array.
    const x = build([1, 3, 40, 40], 'f64', ([, c, i, j]) => ((c + 3 * i + 5 * j) % 7) - 3);
    const w = build([4, 3, 3, 3], 'f64', ([f, c, k, l]) => ((f + 2 * c + k + 3 * l) % 5) - 2);
    const o = { ...plain, padding: [1, 1] as const };
    expectSame(conv2d(x, w, o), correlate(x, w, o));
  });

  it('takes no images, filters or channels', () => {
    const shapeOf = (x: number[], w: number[]): readonly number[] => conv2d(given([], x), given([], w), plain).shape;
    expect(shapeOf([0, 1, 3, 3], [0, 1, 2, 2])).toEqual([0, 0, 2, 2]);
    expect(conv2d(given([], [1, 0, 2, 2]), given([], [1, 0, 1, 1]), plain).toArray()).toEqual([
      [
        [
          [0, 0],
          [0, 0],
        ],
      ],
    ]);
  });

  it('lets padding pass no NaN, and kernels no zero hide one', () => {
    const x = given([NaN, 1], [1, 1, 1, 2]);
    expect(conv2d(x, given([0], [1, 1, 1, 1]), plain).toArray()).toEqual([[[[NaN, 0]]]]);
  });

  it('names what does not fit', () => {
    const x = build([1, 2, 3, 3], 'f64', () => 1);
    const w = build([2, 2, 2, 2], 'f64', () => 1);
    expectError(() => conv2d(given([1]), w, plain), 'shape', /conv2d: needs images .*got \[1\]/);
    expectError(() => conv2d(x, given([1]), plain), 'shape', /conv2d: images \[1,2,3,3\] and filters \[1\]/);
    expectError(() => conv2d(x, w, { ...plain, groups: 2 }), 'shape', /with 2 group/);
    expectError(() => conv2d(x, w, { ...plain, groups: 0 }), 'argument', /conv2d: groups/);
    expectError(
      () => conv2d(x, w, { ...plain, stride: [0, 1] }),
      'argument',
      /conv2d: stride must be two whole numbers >= 1/,
    );
    expectError(() => conv2d(x, w, { ...plain, padding: [0, -1] }), 'argument', /padding/);
    expectError(
      () => conv2d(x, w, { ...plain, dilation: [1, 3] }),
      'shape',
      /reaches over 4 positions does not fit \[1,2,3,3\]/,
    );
  });
});

describe('conv2dInput and conv2dWeight', () => {
  it('are the transposes of conv2d', () => {
    const withCotangent = drawn.chain(({ x, w, o }) =>
      anyDtype.chain((dtype) => anyView(correlate(x, w, o).shape, dtype)).map((g) => ({ x, w, o, g })),
    );
    fc.assert(
      fc.property(withCotangent, ({ x, w, o, g }) => {
        const value = dot(g, correlate(x, w, o));
        expect(dot(conv2dInput(g, w, x.shape, o), x)).toBe(value);
        expect(dot(conv2dWeight(g, x, w.shape, o), w)).toBe(value);
      }),
      { numRuns: 200 },
    );
  });

  it('promote dtypes', () => {
    const [f32, i32] = (['f32', 'i32'] as const).map((dtype) => build([1, 1, 1, 1], dtype, () => 2));
    expect(conv2dInput(f32, i32, [1, 1, 1, 1], plain).dtype).toBe('f32');
    expect(conv2dWeight(i32, i32, [1, 1, 1, 1], plain).dtype).toBe('i32');
  });

  it('check the shape of g', () => {
    const [one, two] = [1, 2].map((n) => build([1, 1, n, n], 'f64', () => 1));
    expectError(
      () => conv2dInput(two, one, [1, 1, 1, 1], plain),
      'shape',
      /conv2dInput: g must have the shape \[1,1,1,1\].*got \[1,1,2,2\]/,
    );
    expectError(() => conv2dWeight(two, one, [1, 1, 1, 1], plain), 'shape', /conv2dWeight: g must have/);
  });
});
