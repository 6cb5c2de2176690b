import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { takeFlat } from '../src/gather.ts';
import { avgPool2d, avgPool2dTranspose, maxPool2dIndex, type PoolOptions } from '../src/pool.ts';
import type { Shape } from '../src/shape.ts';
import { anyDtype, anyView, at, build, dot, expectClose, expectError, flat, given } from './arbitrary.ts';

const pair = (min: number, max: number): fc.Arbitrary<[number, number]> =>
  fc.tuple(fc.integer({ min, max }), fc.integer({ min, max }));

const drawn = fc
  .record({
    lead: pair(0, 2),
    size: pair(1, 6),
    kernel: pair(1, 3),
    stride: pair(1, 3),
    padding: pair(0, 1),
    dilation: pair(1, 2),
    dtype: anyDtype,
  })
  .filter((c) =>
    [0, 1].every(
      (k) => 2 * c.padding[k] <= c.kernel[k] && c.size[k] + 2 * c.padding[k] >= c.dilation[k] * (c.kernel[k] - 1) + 1,
    ),
  )
  .chain((c) => anyView([...c.lead, ...c.size], c.dtype).map((x) => ({ x, o: c })));

/** The positions of the window of output element [i, j] that exist, in order. */
function windowAt(shape: Shape, o: PoolOptions, i: number, j: number): [number, number][] {
  const found: [number, number][] = [];
  for (let k = 0; k < o.kernel[0]; k++) {
    for (let l = 0; l < o.kernel[1]; l++) {
      const y = i * o.stride[0] - o.padding[0] + k * o.dilation[0];
      const z = j * o.stride[1] - o.padding[1] + l * o.dilation[1];
      if (y >= 0 && y < shape[2] && z >= 0 && z < shape[3]) found.push([y, z]);
    }
  }
  return found;
}

function outputShape(shape: Shape, o: PoolOptions): number[] {
  const count = (k: 0 | 1): number =>
    Math.floor((shape[2 + k] + 2 * o.padding[k] - o.dilation[k] * (o.kernel[k] - 1) - 1) / o.stride[k]) + 1;
  return [shape[0], shape[1], count(0), count(1)];
}

const two: PoolOptions = { kernel: [2, 2], stride: [2, 2], padding: [0, 0], dilation: [1, 1] };

describe('maxPool2dIndex', () => {
  it('finds the first largest element of each window', () => {
    fc.assert(
      fc.property(drawn, ({ x, o }) => {
        const shape = outputShape(x.shape, o);
        const isEmpty = (i: number, j: number): boolean => windowAt(x.shape, o, i, j).length === 0;
        for (let i = 0; i < shape[2]; i++) for (let j = 0; j < shape[3]; j++) fc.pre(!isEmpty(i, j));
        const y = maxPool2dIndex(x, o);
        const expected = build(shape, 'i32', ([n, c, i, j]) => {
          const window = windowAt(x.shape, o, i, j);
          const values = window.map(([p, q]) => at(x, [n, c, p, q]));
          const [p, q] = window[values.indexOf(Math.max(...values))];
          return ((n * x.shape[1] + c) * x.shape[2] + p) * x.shape[3] + q;
        });
        expect([y.dtype, ...y.shape]).toEqual(['i32', ...shape]);
        expect(flat(y)).toEqual(flat(expected));
      }),
      { numRuns: 200 },
    );
  });

  it('chooses NaN, never the padding, and -Infinity where there is nothing else', () => {
    const o: PoolOptions = { kernel: [1, 2], stride: [1, 2], padding: [0, 1], dilation: [1, 1] };
    const x = given([-5, -Infinity, -Infinity, NaN, 9, 9, NaN, 1], [1, 1, 1, 8]);
    expect(takeFlat(x, maxPool2dIndex(x, o)).toArray()).toEqual([[[[-5, -Infinity, NaN, NaN, 1]]]]);
  });

  it('names options that make no sense', () => {
    const x = build([1, 1, 4, 4], 'f64', () => 1);
    expectError(
      () => maxPool2dIndex(x, { ...two, padding: [2, 0] }),
      'argument',
      /padding \[2,0\] may be at most half the kernel \[2,2\]/,
    );
    expectError(() => maxPool2dIndex(x, { ...two, kernel: [5, 1] }), 'shape', /maxPool2dIndex: a kernel \[5,1\]/);
    expectError(() => maxPool2dIndex(x, { ...two, kernel: [0, 1] }), 'argument', /kernel must be/);
    expectError(() => maxPool2dIndex(given([1]), two), 'shape', /needs images/);
    const o: PoolOptions = { kernel: [2, 2], stride: [1, 1], padding: [1, 1], dilation: [3, 1] };
    expectError(
      () =>
        maxPool2dIndex(
          build([1, 1, 2, 2], 'f64', () => 1),
          o,
        ),
      'argument',
      /window \[0,0\] lies in the padding/,
    );
  });
});

describe('avgPool2d and avgPool2dTranspose', () => {
  it('take the mean of each window', () => {
    fc.assert(
      fc.property(drawn, fc.boolean(), ({ x, o }, countIncludePad) => {
        const expected = build(outputShape(x.shape, o), x.dtype === 'f32' ? 'f32' : 'f64', ([n, c, i, j]) => {
          const window = windowAt(x.shape, o, i, j);
          const total = window.reduce((sum, [p, q]) => sum + at(x, [n, c, p, q]), 0);
          return total / (countIncludePad ? o.kernel[0] * o.kernel[1] : Math.max(1, window.length));
        });
        expectClose(avgPool2d(x, o, countIncludePad), expected);
      }),
    );
  });

  it('are transposes of each other', () => {
    const withCotangent = drawn.chain(({ x, o }) => anyView(outputShape(x.shape, o), 'f64').map((g) => ({ x, o, g })));
    fc.assert(
      fc.property(withCotangent, fc.boolean(), ({ x, o, g }, countIncludePad) => {
        const y = avgPool2d(x.dtype === 'f32' ? build(x.shape, 'f64', (index) => at(x, index)) : x, o, countIncludePad);
        expect(dot(y, g)).toBeCloseTo(dot(x, avgPool2dTranspose(g, x.shape, o, countIncludePad)), 8);
      }),
    );
  });

  it('keep f32', () => {
    const g = build([1, 1, 1, 1], 'f32', () => 4);
    expect(avgPool2dTranspose(g, [1, 1, 2, 2], two, true).dtype).toBe('f32');
  });

  it('check the shape of g', () => {
    const g = build([1, 1, 2, 1], 'f64', () => 1);
    expectError(
      () => avgPool2dTranspose(g, [1, 1, 2, 2], two, true),
      'shape',
      /must have the shape \[1,1,1,1\] of the output, got \[1,1,2,1\]/,
    );
  });
});
