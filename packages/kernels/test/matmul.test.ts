import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { promote } from '../src/dtype.ts';
import { matmul } from '../src/matmul.ts';
import { permute } from '../src/movement.ts';
import type { Tensor } from '../src/tensor.ts';
import { anyDtype, anyExtent, anyShape, anyView, at, build, expectError, expectSame, given } from './arbitrary.ts';

/** Σₖ a[.., i, k] · b[.., k, j], by definition. */
function product(a: Tensor, b: Tensor, stack: number[]): Tensor {
  const [m, k, n] = [a.shape.at(-2)!, a.shape.at(-1)!, b.shape.at(-1)!];
  const promoted = promote(a.dtype, b.dtype);
  const of = (x: Tensor, lead: number[], i: number, j: number): number => {
    const index = lead.slice(lead.length - (x.rank - 2)).map((p, axis) => (x.shape[axis] === 1 ? 0 : p));
    return at(x, [...index, i, j]);
  };
  return build([...stack, m, n], promoted === 'bool' ? 'i32' : promoted, (index) => {
    const lead = index.slice(0, -2);
    const [i, j] = index.slice(-2);
    let total = 0;
    for (let p = 0; p < k; p++) total += of(a, lead, i, p) * of(b, lead, p, j);
    return total;
  });
}

describe('matmul', () => {
  it('multiplies any views, with broadcast leading axes', () => {
    const drawn = fc
      .tuple(anyShape(0, 2), fc.nat({ max: 2 }), fc.nat({ max: 2 }), fc.tuple(anyExtent, anyExtent, anyExtent))
      .chain(([stack, dropA, dropB, [m, k, n]]) => {
        const lead = (drop: number): fc.Arbitrary<number[]> => {
          const kept = stack.slice(Math.min(drop, stack.length));
          return fc.tuple(...kept.map((extent) => fc.constantFrom(extent, 1)));
        };
        return fc.tuple(lead(dropA), lead(dropB), anyDtype, anyDtype).chain(([leadA, leadB, typeA, typeB]) =>
          fc.tuple(anyView([...leadA, m, k], typeA), anyView([...leadB, k, n], typeB)).map(([a, b]) => {
            const rank = Math.max(leadA.length, leadB.length);
            const extent = (list: number[], axis: number): number => list[axis - rank + list.length] ?? 1;
            const both = Array.from({ length: rank }, (_, axis) =>
              extent(leadA, axis) === 1 ? extent(leadB, axis) : extent(leadA, axis),
            );
            return { a, b, both };
          }),
        );
      });
    fc.assert(
      fc.property(drawn, ({ a, b, both }) => expectSame(matmul(a, b), product(a, b, both))),
      { numRuns: 200 },
    );
  });

  it.each([
    // Each of the ways that gemm goes: rows, columns, few columns, panels with and without remainders, several blocks.
    [1, 40, 11],
    [12, 33, 1],
    [30, 7, 3],
    [9, 1, 13],
    [2, 8, 600],
    [24, 24, 24],
    [7, 40, 30],
    [6, 40, 35],
    [21, 30, 23],
    [5, 300, 7],
    [4, 520, 9],
    [5, 3, 1030],
  ])('multiplies %d × %d by … × %d', (m, k, n) => {
    const a = build([m, k], 'f64', ([i, j]) => ((7 * i + 3 * j) % 11) - 5);
    const b = build([k, n], 'f64', ([i, j]) => ((5 * i + 2 * j) % 13) - 6);
    const expected = product(a, b, []);
    const [at_, bt] = [a, b].map((x) => build([...x.shape].reverse(), 'f64', ([i, j]) => at(x, [j, i])));
    for (const left of [a, permute(at_, [1, 0])]) {
      for (const right of [b, permute(bt, [1, 0])]) expectSame(matmul(left, right), expected);
    }
  });

  it('rounds f32 once only, however long the sums', () => {
    const k = 3000;
    // One in each block of 256, which would be lost if the sum so far were rounded.
    const a = build([4, k], 'f32', ([, j]) => (j === 0 ? 2 ** 24 : Number(j % 256 === 1)));
    const b = build([k, 4], 'f32', () => 1);
    expect(matmul(a, b).dtype).toBe('f32');
    expect(at(matmul(a, b), [0, 0])).toBe(2 ** 24 + 12);
  });

  it('hides no NaN behind a zero', () => {
    expect(matmul(given([0, 1], [1, 2]), given([NaN, 2], [2, 1])).item()).toBeNaN();
    expect(matmul(given([0], [1, 1]), given([Infinity], [1, 1])).item()).toBeNaN();
  });

  it('names both shapes', () => {
    const [row, column] = [given([1, 2], [1, 2]), given([1, 2, 3], [3, 1])];
    expectError(
      () => matmul(row, column),
      'shape',
      /matmul: \[1,2\] · \[3,1\]: the inner extents 2 and 3 must be equal/,
    );
    expectError(() => matmul(given([1]), row), 'shape', /matmul: \[1\] · \[1,2\]: both must have rank >= 2/);
    const [two, three] = [2, 3].map((n) => build([n, 1, 1], 'f64', () => 1));
    expectError(() => matmul(two, three), 'shape', /matmul: \[2,1,1\] · \[3,1,1\]: .*do not broadcast/);
  });
});
