import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { DType } from '../src/dtype.ts';
import { amax, amin, argmax, argmin, cumsum, logsumexp, prod, sum, sumTo } from '../src/reduce.ts';
import type { Tensor } from '../src/tensor.ts';
import {
  anyDtype,
  anyShape,
  anyTensor,
  anyView,
  at,
  build,
  expectClose,
  expectError,
  expectSame,
  given,
  indices,
} from './arbitrary.ts';

const withAxes = anyTensor().chain((x) => fc.tuple(fc.constant(x), fc.subarray([...x.shape.keys()]), fc.boolean()));

/** What a reduction means: `fold` of the elements whose index agrees on the other axes. */
function reduce(x: Tensor, axes: number[], keepDims: boolean, dtype: DType, fold: (xs: number[]) => number): Tensor {
  const over = indices(axes.map((axis) => x.shape[axis]));
  const kept = [...x.shape.keys()].filter((axis) => !axes.includes(axis));
  const shape = keepDims ? x.shape.map((n, axis) => (axes.includes(axis) ? 1 : n)) : kept.map((axis) => x.shape[axis]);
  return build(shape, dtype, (index) =>
    fold(
      over.map((inner) => {
        const place = new Array<number>(x.rank);
        kept.forEach((axis, k) => (place[axis] = index[keepDims ? axis : k]));
        axes.forEach((axis, k) => (place[axis] = inner[k]));
        return at(x, place);
      }),
    ),
  );
}

const sumType = (dtype: DType): DType => (dtype === 'bool' ? 'i32' : dtype);
const floatType = (dtype: DType): DType => (dtype === 'f32' ? 'f32' : 'f64');
const plus = (xs: number[]): number => xs.reduce((a, b) => a + b, 0);

describe('sum', () => {
  it('adds over any axes of any view', () => {
    fc.assert(
      fc.property(withAxes, ([x, axes, keepDims]) => {
        expectSame(sum(x, axes, keepDims), reduce(x, axes, keepDims, sumType(x.dtype), plus));
      }),
      { numRuns: 200 },
    );
  });

  it('adds long rows and columns exactly enough', () => {
    const n = 100_003;
    const x = build([n], 'f64', ([i]) => 0.1 + (i % 3));
    const expected = 0.1 * n + (0 + 1 + 2) * Math.floor(n / 3) + 0;
    expect(Math.abs(sum(x, [0], false).item() - expected) / expected).toBeLessThan(1e-14);
  });

  it('accumulates f32 in double precision', () => {
    const x = given([2 ** 24, 1, 1, 1, 1], [5, 1], 'f32');
    expect(sum(x, [0], false).toArray()).toEqual([2 ** 24 + 4]);
    expect(
      sum(
        build([5, 2], 'f32', ([i]) => (i === 0 ? 2 ** 24 : 1)),
        [0],
        false,
      ).toArray(),
    ).toEqual([2 ** 24 + 4, 2 ** 24 + 4]);
  });

  it('wraps i32, and knows NaN and infinity', () => {
    expect(sum(given([2 ** 31 - 1, 1], [2], 'i32'), [0], false).item()).toBe(-(2 ** 31));
    expect(sum(given([1, NaN]), [0], false).item()).toBeNaN();
    expect(sum(given([1, Infinity]), [0], false).item()).toBe(Infinity);
  });

  it('normalises axes that were not', () => {
    expect(sum(given([1, 2, 3, 4], [2, 2]), [-1, 0], false).item()).toBe(10);
    expectError(() => sum(given([1]), [1], false), 'axis', /sum: there is no axis 1/);
    expectError(() => sum(given([1]), [0, 0], false), 'axis', /sum: .*twice/);
  });
});

describe('sumTo', () => {
  it('sums over the axes that broadcasting would repeat', () => {
    const drawn = fc
      .tuple(anyShape(0, 3), anyShape(0, 2), anyDtype)
      .chain(([shape, added, dtype]) =>
        fc.tuple(anyView([...added, ...shape], dtype), fc.tuple(...shape.map((n) => fc.constantFrom(n, 1)))),
      );
    fc.assert(
      fc.property(drawn, ([x, shape]) => {
        const y = sumTo(x, shape);
        if (shape.length === x.rank && shape.every((n, axis) => n === x.shape[axis])) {
          expect(y).toBe(x);
          return;
        }
        const added = x.rank - shape.length;
        const axes = [...x.shape.keys()].filter(
          (axis) => axis < added || (shape[axis - added] === 1 && x.shape[axis] !== 1),
        );
        const kept = reduce(x, axes, true, sumType(x.dtype), plus);
        expectSame(
          y,
          build(shape, kept.dtype, (index) => at(kept, [...new Array<number>(added).fill(0), ...index])),
        );
      }),
    );
  });

  it.each([[[3]], [[1, 2, 1]], [[2, 2]]])('rejects %j for [2,1]', (shape) => {
    expectError(() => sumTo(given([1, 2], [2, 1]), shape), 'shape', /sumTo: \[.*\] does not broadcast to \[2,1\]/);
  });
});

describe('prod', () => {
  it('multiplies over any axes', () => {
    const product = (dtype: DType) => (xs: number[]) =>
      dtype === 'f64' || dtype === 'f32' ? xs.reduce((a, b) => a * b, 1) : xs.reduce(Math.imul, 1);
    fc.assert(
      fc.property(withAxes, ([x, axes, keepDims]) => {
        expectClose(prod(x, axes, keepDims), reduce(x, axes, keepDims, sumType(x.dtype), product(x.dtype)));
      }),
    );
  });
});

describe('amax and amin', () => {
  it('find the extremes over any axes', () => {
    fc.assert(
      fc.property(withAxes, ([x, axes, keepDims]) => {
        fc.pre(axes.every((axis) => x.shape[axis] > 0));
        expectSame(
          amax(x, axes, keepDims),
          reduce(x, axes, keepDims, x.dtype, (xs) => Math.max(...xs)),
        );
        expectSame(
          amin(x, axes, keepDims),
          reduce(x, axes, keepDims, x.dtype, (xs) => Math.min(...xs)),
        );
      }),
    );
  });

  it('give NaN if there is one, wherever', () => {
    for (const values of [
      [NaN, 1, 2],
      [1, NaN, 2],
      [1, 2, NaN],
    ]) {
      expect(amax(given(values), [0], false).item()).toBeNaN();
      expect(amin(given(values), [0], false).item()).toBeNaN();
    }
  });

  it('need an element per result', () => {
    expectError(() => amax(given([], [2, 0]), [1], false), 'shape', /amax: nothing to choose from in \[2,0\]/);
    expectError(() => amin(given([]), [0], false), 'shape', /amin/);
    expect(amax(given([], [0, 2]), [1], false).shape).toEqual([0]);
  });
});

describe('argmax and argmin', () => {
  const withAxis = anyTensor().chain((x) =>
    fc.tuple(fc.constant(x), x.rank === 0 ? fc.constant(null) : fc.constantFrom(null, ...x.shape.keys()), fc.boolean()),
  );

  it('find the first extreme', () => {
    fc.assert(
      fc.property(withAxis, ([x, axis, keepDims]) => {
        const axes = axis === null ? [...x.shape.keys()] : [axis];
        fc.pre(axes.every((a) => x.shape[a] > 0));
        const expected = (best: (...xs: number[]) => number): Tensor =>
          reduce(x, axes, keepDims, 'i32', (xs) => xs.indexOf(best(...xs)));
        expectSame(argmax(x, axis, keepDims), expected(Math.max));
        expectSame(argmin(x, axis, keepDims), expected(Math.min));
      }),
    );
  });

  it('take the first NaN for the extreme', () => {
    const x = given([1, NaN, 9, NaN, -9]);
    expect(argmax(x, 0, false).item()).toBe(1);
    expect(argmin(x, -1, false).item()).toBe(1);
  });

  it('name what is empty or missing', () => {
    expectError(() => argmax(given([]), null, false), 'shape', /argmax: nothing/);
    expectError(() => argmin(given([1]), 1, false), 'axis', /argmin: there is no axis 1/);
  });
});

describe('logsumexp', () => {
  it('is log Σ exp x', () => {
    fc.assert(
      fc.property(withAxes, ([x, axes, keepDims]) => {
        const expected = reduce(x, axes, keepDims, floatType(x.dtype), (xs) => Math.log(plus(xs.map(Math.exp))));
        expectClose(logsumexp(x, axes, keepDims), expected);
      }),
    );
  });

  it('neither over- nor underflows', () => {
    expect(logsumexp(given([1000, 1000]), [0], false).item()).toBeCloseTo(1000 + Math.LN2, 12);
    expect(logsumexp(given([-1000, -1000]), [0], false).item()).toBeCloseTo(-1000 + Math.LN2, 12);
  });

  it.each([
    [[-Infinity, -Infinity], -Infinity],
    [[-Infinity, 3], 3],
    [[Infinity, 1], Infinity],
    [[Infinity, Infinity], Infinity],
    [[Infinity, NaN], NaN],
    [[], -Infinity],
  ])('of %j is %d', (values, expected) => {
    expect(logsumexp(given(values), [0], false).item()).toBe(expected);
  });
});

describe('cumsum', () => {
  it('adds up from either end', () => {
    const drawn = anyTensor(1, 4).chain((x) =>
      fc.tuple(fc.constant(x), fc.constantFrom(...x.shape.keys()), fc.boolean()),
    );
    fc.assert(
      fc.property(drawn, ([x, axis, reverse]) => {
        const expected = build(x.shape, sumType(x.dtype), (index) => {
          let total = 0;
          for (let i = 0; i < x.shape[axis]; i++) {
            if (reverse ? i >= index[axis] : i <= index[axis]) total += at(x, index.with(axis, i));
          }
          return total;
        });
        expectSame(cumsum(x, axis, reverse), expected);
      }),
    );
  });

  it('takes a scalar as one element', () => {
    expect(cumsum(given([3], []), 0, false).item()).toBe(3);
  });
});
